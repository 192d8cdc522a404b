using System.Globalization;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The part that keeps the workers of a pool going: one record for each that ended, and another in its place by the same policy, budget and rate as
/// whole plugins. A pool without any worker is taken as a plugin that failed. Runs in the supervisor's loop only, but for what says so.
/// </summary>
internal sealed partial class PluginSupervisor
{
    /// <summary>How the plugin's workers are used, and what of them is missing; null for one worker, and in-process. Any thread.</summary>
    private string? PoolReason
    {
        get
        {
            if (_tier is null or PluginTier.InProcess || Plugin.Manifest is not { } manifest)
            {
                return null;
            }

            if (manifest.Isolation == IsolationMode.PerCall)
            {
                return string.Create(CultureInfo.InvariantCulture, $"Every call has a worker of its own with an empty data folder (\"isolation\": \"per-call\"); at most {manifest.Workers} at once (\"workers\").");
            }

            return manifest.Workers == 1 ? null
                : View.Instance is WorkerPool { Shortage: { } shortage } ? shortage
                : string.Create(CultureInfo.InvariantCulture, $"{manifest.Workers} workers run it (\"workers\"): a call goes to the one that has its partition key, else to the one with the fewest calls.");
        }
    }

    private static bool HasSeveralWorkers(PluginManifest manifest) => manifest.Workers > 1 || manifest.Isolation == IsolationMode.PerCall;

    private async Task WatchAsync(int generation, WorkerPool pool)
    {
        await foreach (PoolLoss loss in pool.Losses.ReadAllAsync().ConfigureAwait(false))
        {
            if (!_commands.Writer.TryWrite(new Command.WorkerLost(generation, pool, loss)))
            {
                // The plugin is gone: nobody acts any more, but the calls that died of it point to its record.
                _settings.Recorder.Fault(loss.Fault);
            }
        }
    }

    private async Task ActWorkerLostAsync(Command.WorkerLost lost)
    {
        string? faultId = _settings.Recorder.Fault(lost.Loss.Fault);
        if (!ReferenceEquals(View.Instance, lost.Pool))
        {
            // An old generation's news, or one that is being stopped anyway.
            return;
        }

        RestartDecision decision = Decide(lost.Loss.Fault);
        if (lost.Pool.IsSpent)
        {
            _failedAt = lost.Loss.At;
            await lost.Pool.DisposeAsync().ConfigureAwait(false);
            _live = null;
            Follow(decision, lost.Generation, lost.Loss.Fault, faultId);
            return;
        }

        int number = lost.Loss.Number;
        string because = $"{lost.Loss.Fault.Kind}: {lost.Loss.Fault.Message}";
        switch (decision)
        {
            case RestartDecision.Restart restart:
                _ = ReplaceLaterAsync(lost, restart.Delay, $"Restarting after {because}");
                break;

            case RestartDecision.Quarantine quarantine:
                GiveUp(lost, number, $"{quarantine.Reason} Last fault: {because}");
                break;

            case RestartDecision.Rest rest:
                GiveUp(lost, number, $"{rest.Reason} Last fault: {because}");
                break;

            case RestartDecision.Refuse refuse:
                GiveUp(lost, number, $"{refuse.Reason} {lost.Loss.Fault.Message}");
                break;
        }
    }

    private void GiveUp(Command.WorkerLost lost, int number, string reason)
    {
        Log.WorkerGivenUp(_log, Plugin.Id, number + 1, reason);
        lost.Pool.GiveUp(number, reason);
    }

    private void ActWorkerReplaced(Command.WorkerReplaced replaced)
    {
        if (replaced.Cause is { } cause)
        {
            TimeSpan took = Clock.GetElapsedTime(replaced.Loss.At);
            _settings.Recorder.Restarted(Plugin.Id, _tier!.Value, cause, replaced.Generation, replaced.Generation, took);
            Log.WorkerReplaced(_log, Plugin.Id, replaced.Loss.Number + 1, replaced.Generation, cause, took.TotalMilliseconds);
        }

        if (ReferenceEquals(View.Instance, replaced.Pool))
        {
            _readyAt = Clock.GetUtcNow();
            _history = _history with { StartFailures = 0 };
            KeepHot(replaced.Generation);
        }
    }

    /// <summary>Notes that a worn worker was replaced. Any thread.</summary>
    private void WorkerRecycled(int number, RecycleFinding finding, TimeSpan took)
    {
        int generation = View.Generation;
        _settings.Recorder.Restarted(Plugin.Id, _tier!.Value, finding.Limit, generation, generation, took);
        Log.WorkerRecycled(_log, Plugin.Id, number + 1, generation, finding.What, took.TotalMilliseconds);
    }

    /// <summary>Records why a worn worker goes on. Any thread.</summary>
    private void WorkerNotRecycled(int number, PluginException failed)
    {
        FaultRecord record = RecordOf(failed, View.Generation);
        _settings.Recorder.Fault(record with { WorkerPid = null, Message = string.Create(CultureInfo.InvariantCulture, $"{record.Message} Worker {number + 1} was to be recycled and goes on.") });
    }

    /// <summary>Fills the places of a running pool that wait or were given up: somebody asked for it.</summary>
    private void ReplaceMissing()
    {
        if (View is not { Instance: WorkerPool pool, Generation: var generation })
        {
            return;
        }

        foreach (int number in pool.Missing())
        {
            PoolLoss missing = new(number, Describe(null, FaultKind.Unavailable, "It was missing when the plugin was reset."), Clock.GetTimestamp());
            _ = ReplaceAsync(generation, pool, missing, cause: null);
        }
    }

    // Outside the loop: a worker that starts slowly holds up no other's replacement. A place among the host's restarts is taken when the own delay is over.
    private async Task ReplaceLaterAsync(Command.WorkerLost lost, TimeSpan delay, string reason)
    {
        WorkerPool pool = lost.Pool;
        if (delay > TimeSpan.Zero)
        {
            await WaitAsync(delay).ConfigureAwait(false);
        }

        delay = _settings.RestartQueue.Take();
        if (delay > TimeSpan.Zero)
        {
            Log.WorkerHeldBack(_log, Plugin.Id, lost.Loss.Number + 1, delay.TotalMilliseconds);
            reason += " It waits for its turn: the host restarts no more at once (RestartRate).";
            await WaitAsync(delay).ConfigureAwait(false);
        }

        if (!_closing.IsCancellationRequested)
        {
            await ReplaceAsync(lost.Generation, pool, lost.Loss, lost.Loss.Fault.Kind.ToString()).ConfigureAwait(false);
        }

        async Task WaitAsync(TimeSpan wait)
        {
            pool.BackOff(lost.Loss.Number, Clock.GetUtcNow() + wait, reason);
            Log.WorkerBackingOff(_log, Plugin.Id, lost.Loss.Number + 1, lost.Generation, lost.Loss.Fault.Kind, wait.TotalMilliseconds);
            await Task.Delay(wait, Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReplaceAsync(int generation, WorkerPool pool, PoolLoss loss, string? cause)
    {
        try
        {
            if (TakeHotWorker(generation) is { } hot ? pool.Join(loss.Number, hot) : await StartInAsync(pool, loss.Number).ConfigureAwait(false))
            {
                _commands.Writer.TryWrite(new Command.WorkerReplaced(generation, pool, loss, cause));
            }
        }
        catch (PluginException failed)
        {
            Lost(RecordOf(failed, generation));
        }
        catch (Exception unexpected)
        {
            // Nobody awaits this: without a word the place would stay empty for ever.
            Log.CommandFailed(_log, Plugin.Id, "start of a worker", unexpected);
            Lost(DescribeDefect(unexpected, generation));
        }

        void Lost(FaultRecord fault) => _commands.Writer.TryWrite(new Command.WorkerLost(generation, pool, loss with { Fault = fault with { WorkerPid = null } }));
    }

    private async Task<bool> StartInAsync(WorkerPool pool, int number)
    {
        using CancellationTokenSource over = new(_settings.StartTimeout, Clock);
        try
        {
            return await pool.StartInAsync(number, over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (over.IsCancellationRequested)
        {
            string detail = late is StartCancelledException more ? $" {more.Detail}" : "";
            throw new PluginFaultException(
                $"Worker {number + 1} of plugin '{Plugin.Id}' did not start within {_settings.StartTimeout:c}.{detail}",
                new PluginFault(Plugin.Id, FaultKind.StartFailure) { Tier = _tier, Generation = pool.Generation });
        }
    }

    private WorkerInstance? TakeHotWorker(int generation)
    {
        HotSpare? hot = Interlocked.Exchange(ref _hot, null);
        WorkerInstance? worker = hot is not null && hot.Generation == generation ? hot.TryTake() as WorkerInstance : null;
        EndLater(hot);
        return worker;
    }

    /// <summary>Begins to keep one more worker of a pool ready; one that is there already stays.</summary>
    private void KeepHotWorker(int generation)
    {
        if (View.Instance is WorkerPool pool && Volatile.Read(ref _hot)?.Generation != generation)
        {
            EndLater(Interlocked.Exchange(
                ref _hot,
                new HotSpare(Plugin, generation, async cancellation => await pool.StartAsideAsync(cancellation, isAhead: true).ConfigureAwait(false), _settings.HotDelay, Clock, _log)));
        }
    }
}

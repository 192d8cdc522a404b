using System.Collections.Immutable;
using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The part that puts a generation in the place of a running one with no call failed, for a reload or because it is worn: started beside it, asked whether
/// it is well, swapped in; the old one lets go of its calls and ends. Runs in the supervisor's loop only, but for what says so.
/// </summary>
internal sealed partial class PluginSupervisor
{
    // So many replaced generations may be letting go of their calls and leases; the next replacement waits for one of them.
    private const int MostReplaced = 4;

    // What is tried in the place of one that has died has so long: then that one's version is restarted, for which its calls wait.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private readonly List<Task> _replaced = [];
    private ImmutableList<LiveGeneration> _leaving = [];
    private CancellationTokenSource _drainOver = new();

    private Task<UnloadResult?> ActRecycleAsync(Command.Recycle recycle)
    {
        PluginView view = View;
        if (view.State != PluginState.Ready || view.Generation != recycle.Generation || Volatile.Read(ref _isClosing))
        {
            return Task.FromResult<UnloadResult?>(UnloadResult.Nothing);
        }

        if (RefusesAnother(recycle, Plugin))
        {
            return Task.FromResult<UnloadResult?>(null);
        }

        if (Unproved.Count >= MostReplaced)
        {
            // One that leaks is not made to leak again and again. A collection that proves them gone lets it go on.
            string waits = $"{MostReplaced} generations before it are still in memory; it is recycled when a collection has proved one of them gone.";
            Log.NotReplaced(_log, Plugin.Id, "It was not recycled", FaultKind.UnloadLeak, waits);
            recycle.Fail(new PluginUnavailableException($"{Plugin.Id}: {waits}", new PluginFault(Plugin.Id, FaultKind.Unavailable) { Tier = _tier, Generation = view.Generation }));
            return Task.FromResult<UnloadResult?>(null);
        }

        return ReplaceAsync(recycle, Plugin, recycle.Finding.Limit, $"Recycled: generation {view.Generation} {recycle.Finding.What}.");
    }

    /// <summary>Starts a generation beside the running one and swaps it in; the command is told once the old one has ended, or why it goes on.</summary>
    private async Task<UnloadResult?> ReplaceAsync(Command command, SupervisedPlugin next, string cause, string reason)
    {
        PluginView view = View;
        Command.Reload? reload = command as Command.Reload;
        int generation = StandingReady(next) ?? _machine.NextNumber();
        string notDone = reload is null ? "It was not recycled" : NotTaken(next);
        long began = Clock.GetTimestamp();
        TimeSpan limit = _settings.StartTimeout + _settings.HealthTimeout;
        using CancellationTokenSource cancelled = new(limit, Clock);
        using CancellationTokenSource over = new();
        _ = HurryAsync(view.Instance!, cancelled, over.Token);
        Volatile.Write(ref _startCancelled, cancelled);
        Volatile.Write(ref _trial, reload is null ? null : new Trial(reload.Ticket, cancelled));
        if (Interlocked.Read(ref _stopRequested) > 0 || (reload is not null && Newer(reload) is not null))
        {
            await cancelled.CancelAsync().ConfigureAwait(false);
        }

        try
        {
            LiveGeneration live = await StartBesideAsync(next, generation, cancelled.Token).ConfigureAwait(false);
            Swap(command, live, view, cause, reason, Clock.GetElapsedTime(began));
        }
        catch (PluginException failed)
        {
            command.Fail(GiveUp(failed, notDone, view));
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            if (Interlocked.Read(ref _stopRequested) > 0)
            {
                command.Fail(new PluginUnavailableException(
                    $"{next.Id}: generation {generation} was given up while it was starting: the plugin is being stopped or restarted.",
                    new PluginFault(next.Id, FaultKind.Unavailable) { Tier = _tier, Generation = generation, IsRetryable = true }));
            }
            else if (reload is not null && Newer(reload) is { } newer)
            {
                _ = FollowAsync(reload, newer);
            }
            else
            {
                command.Fail(GiveUp(
                    new PluginFaultException(
                        view.Instance!.Died.IsCompleted
                            ? $"Plugin '{next.Id}' could not be started: generation {view.Generation} ended meanwhile, and it was not ready and healthy within {s_patience:c} of that."
                            : $"Plugin '{next.Id}' could not be started: it was not ready and healthy within {limit:c}.",
                        new PluginFault(next.Id, FaultKind.StartFailure) { Tier = _tier, Generation = generation }),
                    notDone,
                    view));
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            Volatile.Write(ref _trial, null);
            Volatile.Write(ref _startCancelled, new CancellationTokenSource());
            if (View.State == PluginState.Ready && Volatile.Read(ref _hot) is null)
            {
                // What was tried had taken it.
                KeepHot(View.Generation);
            }
        }

        return null;
    }

    // Any thread.
    private static async Task HurryAsync(IPluginInstance running, CancellationTokenSource trial, CancellationToken over)
    {
        await ((Task)running.Died).WaitAsync(over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!over.IsCancellationRequested)
        {
            try
            {
                trial.CancelAfter(s_patience);
            }
            catch (ObjectDisposedException)
            {
                // The trial has ended at this moment.
            }
        }
    }

    private async Task<LiveGeneration> StartBesideAsync(SupervisedPlugin next, int generation, CancellationToken cancellationToken)
    {
        _replaced.RemoveAll(t => t.IsCompleted);
        while (_replaced.Count >= MostReplaced)
        {
            await Task.WhenAny(_replaced).WaitAsync(cancellationToken).ConfigureAwait(false);
            _replaced.RemoveAll(t => t.IsCompleted);
        }

        LiveGeneration live = await StartInTierAsync(next, generation, cancellationToken).ConfigureAwait(false);
        try
        {
            await live.Instance.CheckHealthAsync(_settings.HealthTimeout, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return live;
        }
        catch
        {
            await StopAsync(live, TimeSpan.Zero).ConfigureAwait(false);
            LetGo(live);
            throw;
        }
    }

    private void Swap(Command command, LiveGeneration live, PluginView before, string cause, string reason, TimeSpan took)
    {
        LiveGeneration old = _live!;
        Observer.Generation = live.Number;
        Observer.WorkerPid = live.Instance.WorkerPid;
        OpenDoors(live);
        _live = live;

        // Before the other is the plugin: at no moment is what it runs from in nobody's use.
        ImmutableInterlocked.Update(ref _leaving, static (all, one) => all.Add(one), old);
        Volatile.Write(ref _plugin, live.Plugin);
        _rate.Clear();
        if (command is Command.Reload)
        {
            // A new version has not failed yet. What is recycled has the history that it had.
            _history = RestartHistory.Empty;
            _readyAt = Clock.GetUtcNow();
        }

        // Never false: only this loop changes the state of a generation that is ready.
        _machine.TrySwap(before.Generation, live.Number, live.Instance, reason);
        _settings.Recorder.Restarted(Plugin.Id, _tier!.Value, cause, before.Generation, live.Number, took);
        Log.Replaced(_log, Plugin.Id, before.Generation, live.Number, reason, took.TotalMilliseconds);
        Watch(live);
        _replaced.Add(EndReplacedAsync(command, old, _drainOver.Token));
    }

    /// <summary>Lets a generation that takes no more calls end those that it has, and ends it. Any thread.</summary>
    private async Task EndFailedAsync(LiveGeneration failed, CancellationToken drainOver)
    {
        await Task.Yield();
        await failed.Instance.DrainAsync(_settings.DrainTimeout, drainOver).ConfigureAwait(false);
        UnloadResult result = await StopAsync(failed, TimeSpan.Zero).ConfigureAwait(false);
        Log.Stopped(_log, Plugin.Id, failed.Number, result.Outcome, result.AbandonedCalls);
    }

    /// <summary>Lets a replaced generation let go of its calls and leases, and ends it. Any thread.</summary>
    private async Task EndReplacedAsync(Command command, LiveGeneration old, CancellationToken drainOver)
    {
        await Task.Yield();

        // With its own worker, not with that of the generation in its place.
        int? worker = old.Instance.WorkerPid;
        PluginLog log = new(_settings.Logger, () => LogProperties(old.Number, worker));
        try
        {
            int left = await old.Instance.DrainAsync(_settings.DrainTimeout, drainOver).ConfigureAwait(false);
            if (left > 0)
            {
                Log.DrainOver(log, Plugin.Id, old.Number, left, _settings.DrainTimeout);
            }

            UnloadResult result = await StopAsync(old, TimeSpan.Zero).ConfigureAwait(false);
            RecordDeathOf(old.Instance);
            ImmutableInterlocked.Update(ref _leaving, static (all, one) => all.Remove(one), old);
            Log.Stopped(log, Plugin.Id, old.Number, result.Outcome, result.AbandonedCalls);
            _commands.Writer.TryWrite(new Command.Freed(null, null, old, result));
            command.Complete(result);
        }
        catch (Exception unexpected)
        {
            // Nobody awaits this but a stop, which must go on.
            Log.CommandFailed(_log, Plugin.Id, "end of a replaced generation", unexpected);
            command.Fail(unexpected);
        }
    }
}

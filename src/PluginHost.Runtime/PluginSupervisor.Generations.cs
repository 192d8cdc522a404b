using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Services;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>The part that starts, stops and replaces generations. Runs in the supervisor's loop only.</summary>
internal sealed partial class PluginSupervisor
{
    private DateTimeOffset? _readyAt;
    private long _failedAt;

    private async Task StartGenerationAsync(string? cause)
    {
        PluginView before = View;
        int generation = Volatile.Read(ref _isClosing) ? 0 : _machine.TryBeginStart();
        if (generation == 0)
        {
            return;
        }

        using CancellationTokenSource cancelled = new(_settings.StartTimeout, Clock);
        Volatile.Write(ref _startCancelled, cancelled);
        if (Interlocked.Read(ref _stopRequested) > 0)
        {
            await cancelled.CancelAsync().ConfigureAwait(false);
        }

        Observer.Generation = generation;
        Observer.WorkerPid = null;
        try
        {
            BecomeReady(await StartInTierAsync(Plugin, generation, cancelled.Token).ConfigureAwait(false), before, cause);
        }
        catch (PluginException e)
        {
            Fail(generation, RecordOf(e, generation));
        }
        catch (OperationCanceledException e) when (cancelled.IsCancellationRequested)
        {
            if (Interlocked.Read(ref _stopRequested) > 0)
            {
                _machine.Rest(PluginState.Stopped, "Stopped while it was starting.");
            }
            else
            {
                string detail = e is StartCancelledException more ? $" {more.Detail}" : "";
                Fail(generation, Describe(null, FaultKind.StartFailure, $"It did not start within {_settings.StartTimeout:c}.{detail}") with { Generation = generation });
            }
        }
        catch (Exception defect)
        {
            // Nobody has thought of it; a plugin that stayed "starting" for it could never be started, stopped or reset again.
            Log.CommandFailed(_log, Plugin.Id, "start", defect);
            Fail(generation, DescribeDefect(defect, generation));
        }
        finally
        {
            Volatile.Write(ref _startCancelled, new CancellationTokenSource());
        }
    }

    private async Task<LiveGeneration> StartInTierAsync(SupervisedPlugin plugin, int generation, CancellationToken cancellationToken)
    {
        GenerationLeases leases = NewLeases(plugin, generation);
        GenerationDoors doors = NewDoors(leases);
        try
        {
            IPluginInstance? hot = TakeHot(plugin, generation);
            ITier tier = _settings.Tiers.FirstOrDefault(t => t.Kind == _tier)
                ?? throw new PluginRefusedException(
                    $"{plugin.Id}: the tier {_tier} is not available in this host.",
                    new PluginFault(plugin.Id, FaultKind.Refused) { Generation = generation });
            StartRequest request = RequestOf(plugin, generation, leases, doors);
            request = _tier == PluginTier.InProcess ? request with { Stages = _stages.Of(generation) } : request;
            IPluginInstance instance = hot ?? await tier.StartAsync(request, cancellationToken).ConfigureAwait(false);
            return new LiveGeneration(generation, plugin, instance, leases, doors);
        }
        catch
        {
            GiveDoorsBack(leases, doors);
            throw;
        }
    }

    private StartRequest RequestOf(SupervisedPlugin plugin, int generation, GenerationLeases leases, GenerationDoors doors) => new()
    {
        Manifest = plugin.Manifest!,
        Generation = generation,
        Folder = plugin.Folder!,
        DataFolder = plugin.DataFolder!,
        Settings = plugin.Settings,
        Contracts = plugin.Contracts,
        SharedAssemblies = plugin.SharedAssemblies,
        Guards = doors,
        CallsTaken = () => doors.Taken,
        Results = leases.FromPlugin,
        Arguments = leases.FromHost,
        CutCalls = leases.Revoke,
        CallsFolder = plugin.CallsFolder,
        WorkerStarted = pid => Observer.WorkerStarted(generation, pid),
        WorkerLog = pid => new PluginLog(_settings.LoggerFactory.CreateLogger($"Plugin.{plugin.Id}"), () => LogProperties(generation, pid())),
        TrustsTrace = plugin.Placement.Granted == TrustLevel.Full,
        Observer = Observer,
        Chains = Chains,
        Services = _settings.Services?.Invoke(plugin, leases) ?? GrantedServices.None,
        TakesSpare = plugin.Spare == SpareMode.Warm || (plugin.Spare == SpareMode.Hot && HasSeveralWorkers(plugin.Manifest!)),
        KeepsAhead = plugin.Spare != SpareMode.None,
        Findings = plugin.Findings,
        Wear = new WearTerms(_settings.Jitter.Next, _settings.RecycleLook, _settings.HealthTimeout, _settings.DrainTimeout, WorkerRecycled, WorkerNotRecycled),
        Logger = new PluginLog(_settings.LoggerFactory.CreateLogger($"Plugin.{plugin.Id}"), () => LogProperties(generation)),
    };

    private void BecomeReady(LiveGeneration live, PluginView before, string? cause)
    {
        _rate.Clear();
        _readyAt = Clock.GetUtcNow();
        _live = live;

        // In-process the guards get their target before the state says ready: a call that saw ready must find it.
        OpenDoors(live);
        _machine.TryReady(live.Number, live.Instance);
        if (cause is not null)
        {
            TimeSpan took = Clock.GetElapsedTime(_failedAt);
            _settings.Recorder.Restarted(Plugin.Id, _tier!.Value, cause, before.Generation, live.Number, took);
            Log.Restarted(_log, Plugin.Id, before.Generation, live.Number, cause, took.TotalMilliseconds);
        }

        Log.Ready(_log, Plugin.Id, _tier!.Value, live.Number);
        _history = _history with { StartFailures = 0 };
        Watch(live);
    }

    private void Watch(LiveGeneration live)
    {
        _ = live.Instance is WorkerPool pool ? WatchAsync(live.Number, pool) : WatchAsync(live.Number, live.Instance);
        _ = WatchWearAsync(live);
        KeepHot(live.Number);
    }

    private async Task WatchAsync(int generation, IPluginInstance instance)
    {
        FaultRecord fault = await instance.Died.ConfigureAwait(false);
        _commands.Writer.TryWrite(new Command.Died(generation, fault, IsAlive: false));
    }

    private async Task ActDiedAsync(Command.Died died)
    {
        PluginView view = View;
        if (view.Generation != died.Generation || view.State != PluginState.Ready)
        {
            // An old generation's news, or one that is being stopped anyway.
            return;
        }

        IPluginInstance instance = view.Instance!;
        _failedAt = Clock.GetTimestamp();
        string? stranded = null;
        if (died.IsAlive || _tier == PluginTier.InProcess)
        {
            if (died.IsAlive)
            {
                RecordDeathOf(instance);
            }

            _machine.TryBeginStop(died.Generation, willReturn: true, died.Fault.Message);
            UnloadResult unload = await StopLiveAsync(_settings.DrainTimeout).ConfigureAwait(false);
            if (instance is InProcessInstance inProcess && unload.Outcome == UnloadOutcome.Pending)
            {
                // A fresh context is allowed only where the old one is gone: here the proof is forced, at most once a minute a host.
                unload = await inProcess.ProveUnloadAsync(force: true).ConfigureAwait(false);
                RecordLeak(unload, instance.Generation);
            }

            CountFaultRate(died.Fault);
            stranded = MoveWhereNeeded(unload, mustBeGone: true);
        }
        else if (instance is PerCallInstance)
        {
            // It can start no more workers; those that have a call are well. They end it beside the next generation.
            _replaced.Add(EndFailedAsync(_live!));
            _live = null;
        }
        else
        {
            await StopLiveAsync(TimeSpan.Zero).ConfigureAwait(false);
        }

        Fail(died.Generation, died.Fault, stranded);
    }

    /// <param name="generation">The generation that failed.</param>
    /// <param name="fault">Of what.</param>
    /// <param name="stranded">Why no other can follow it; null where one can.</param>
    private void Fail(int generation, FaultRecord fault, string? stranded = null)
    {
        string? faultId = _settings.Recorder.Plugin(Plugin.Id, _tier!.Value).Fault(fault);
        if (_failedAt == 0)
        {
            _failedAt = Clock.GetTimestamp();
        }

        RestartDecision decision = Decide(fault);
        Follow(stranded is null ? decision : new RestartDecision.Quarantine(stranded), generation, fault, faultId);
    }

    private RestartDecision Decide(FaultRecord fault)
    {
        (RestartDecision decision, _history) = RestartPolicy.Decide(
            fault.Kind, _history, Plugin.Manifest!.Restart, _readyAt, Clock.GetUtcNow(), _settings.Jitter.Next(), fault.ExitCode);
        return decision;
    }

    private void Follow(RestartDecision decision, int generation, FaultRecord fault, string? faultId)
    {
        _readyAt = null;
        switch (decision)
        {
            case RestartDecision.Restart restart:
                Log.BackingOff(_log, Plugin.Id, generation, fault.Kind, fault.Message, restart.Delay.TotalMilliseconds);
                BackOff(new Command.Retry(generation, fault.Kind.ToString()), restart.Delay, $"Restarting after {fault.Kind}: {fault.Message}", faultId);
                break;

            case RestartDecision.Rest rest:
                EndLater(Interlocked.Exchange(ref _hot, null));
                Log.NotRestarted(_log, Plugin.Id, generation, rest.Reason, fault.Message);
                _machine.Rest(PluginState.Stopped, $"{rest.Reason} Last fault: {fault.Kind}: {fault.Message}", faultId);
                break;

            case RestartDecision.Quarantine quarantine:
                EndLater(Interlocked.Exchange(ref _hot, null));
                Log.Quarantined(_log, Plugin.Id, generation, quarantine.Reason, fault.Message);
                _machine.Rest(
                    PluginState.Quarantined,
                    $"{quarantine.Reason} Last fault: {fault.Kind}: {fault.Message} Reset the plugin to try again.",
                    faultId);
                break;

            case RestartDecision.Refuse refuse:
                EndLater(Interlocked.Exchange(ref _hot, null));
                Log.Refused(_log, Plugin.Id, generation, refuse.Reason, fault.Message);
                _machine.Rest(PluginState.Refused, $"{refuse.Reason} {fault.Message}", faultId);
                break;
        }
    }

    // A place among the host's restarts is taken when the plugin's own delay is over: one that waits a minute for itself keeps nobody else waiting.
    private void BackOff(Command.Retry retry, TimeSpan delay, string reason, string? faultId)
    {
        if (delay == TimeSpan.Zero)
        {
            retry = retry.WithPlace();
            delay = _settings.RestartQueue.Take();
            if (delay > TimeSpan.Zero)
            {
                Log.HeldBack(_log, Plugin.Id, retry.Generation, delay.TotalMilliseconds);
                reason += " It waits for its turn: the host restarts no more plugins at once (RestartRate).";
            }
        }

        if (_machine.TryBackOff(retry.Generation, Clock.GetUtcNow() + delay, reason, faultId))
        {
            _ = RetryLaterAsync(retry, delay);
        }
    }

    private Task ActRetryAsync(Command.Retry retry)
    {
        PluginView view = View;
        if (view.State != PluginState.BackingOff || view.Generation != retry.Generation)
        {
            // Started, stopped or replaced by somebody since.
            return Task.CompletedTask;
        }

        if (retry.HasPlace)
        {
            return StartGenerationAsync(retry.Cause);
        }

        BackOff(retry, TimeSpan.Zero, view.Reason ?? "", view.FaultId);
        return Task.CompletedTask;
    }

    private async Task RetryLaterAsync(Command.Retry retry, TimeSpan delay)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _commands.Writer.TryWrite(retry);
    }
}

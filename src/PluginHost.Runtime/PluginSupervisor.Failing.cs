using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>The part that follows a failure: records it, asks the restart policy and does as it says. Runs in the supervisor's loop only, but for what says so.</summary>
internal sealed partial class PluginSupervisor
{
    private long _failedAt;

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
            _machine.TryBeginStop(died.Generation, willReturn: true, died.Fault.Message);
            UnloadResult unload = await StopLiveAsync(died.Fault.Limit == LostThreadsLimit ? FailedDrain : _settings.DrainTimeout).ConfigureAwait(false);
            if (died.IsAlive)
            {
                RecordDeathOf(instance);
            }

            if (instance is InProcessInstance inProcess && unload.Outcome == UnloadOutcome.Pending)
            {
                // A fresh context is allowed only where the old one is gone: here the proof is forced, at most once a minute a host.
                unload = await inProcess.ProveUnloadAsync(force: true).ConfigureAwait(false);
                if (unload.Outcome == UnloadOutcome.Leaked)
                {
                    TellLeak(instance.Generation, StayedWhenForced, unload.Holders);
                }
            }

            CountFaultRate(died.Fault);
            CountLostThreads(died.Fault);
            stranded = MoveWhereNeeded(unload, mustBeGone: true);
        }
        else if (instance is PerCallInstance)
        {
            // It can start no more workers; those that have a call are well. They end it beside the next generation.
            _replaced.Add(EndFailedAsync(_live!, _drainOver.Token));
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
        stranded ??= MoveWherePinned(decision);
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

        DateTimeOffset at = Clock.GetUtcNow() + delay;

        // The wait begins before anybody can see it: whoever sees the time of the retry may rely on it. One that is not to be is passed over when it comes.
        _ = RetryLaterAsync(retry, delay);
        _machine.TryBackOff(retry.Generation, at, reason, faultId);
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

    /// <summary>Waits, and says so to the loop. Any thread.</summary>
    private async Task RetryLaterAsync(Command.Retry retry, TimeSpan delay)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, Clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _commands.Writer.TryWrite(retry);
    }
}

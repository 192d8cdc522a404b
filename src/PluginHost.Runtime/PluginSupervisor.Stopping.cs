using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>The part that stops generations, for good or for the next one, and proves that they are gone. Runs in the supervisor's loop only.</summary>
internal sealed partial class PluginSupervisor
{
    private async Task<UnloadResult> ActRestartAsync(SupervisedPlugin? replacement)
    {
        if (View.State == PluginState.Refused && replacement is null)
        {
            return UnloadResult.Nothing;
        }

        if (replacement is null)
        {
            ThrowWherePinnedRestart();
        }

        string? movedBefore = _demotion;
        UnloadResult result = await StopGenerationAsync(willReturn: true, "Restarting on request.", _settings.DrainTimeout).ConfigureAwait(false);
        if (replacement is not null)
        {
            // Where this very stop was one leak too many, the replacement was placed without knowing.
            string? moved = replacement.MayBeDemoted == true && replacement.Placement.Tier == PluginTier.InProcess && _demotion != movedBefore ? _demotion : null;
            Volatile.Write(ref _plugin, replacement);
            _demotion = TierOf(replacement) == replacement.Placement.Tier ? moved : _demotion;
            _tier = moved is null ? TierOf(replacement) : PluginTier.Process;
        }

        _history = RestartHistory.Empty;
        if (View.State == PluginState.Refused)
        {
            _machine.Rest(PluginState.Stopped, null);
        }

        if (MoveWhereNeeded(result, mustBeGone: false) is { } stranded)
        {
            _machine.Rest(PluginState.Quarantined, $"{stranded} Reset the plugin to try again.");
            return result;
        }

        await StartGenerationAsync(cause: null).ConfigureAwait(false);
        return result;
    }

    /// <summary>Stops what runs and what was replaced and still lets go of its calls: all of it has the same time.</summary>
    private async Task<UnloadResult> ActStopAsync(Command.Stop stop)
    {
        long began = Clock.GetTimestamp();
        UnloadResult stopped = await StopGenerationAsync(willReturn: false, "Stopped on request.", stop.Drain).ConfigureAwait(false);
        Task replaced = Task.WhenAll(_replaced);
        TimeSpan left = stop.Drain - Clock.GetElapsedTime(began);
        if (left > TimeSpan.Zero && !replaced.IsCompleted)
        {
            using CancellationTokenSource given = new();
            await Task.WhenAny(replaced, Task.Delay(left, Clock, given.Token)).ConfigureAwait(false);
            await given.CancelAsync().ConfigureAwait(false);
        }

        await _drainOver.CancelAsync().ConfigureAwait(false);
        await replaced.ConfigureAwait(false);
        await SparesEndedAsync().ConfigureAwait(false);
        _drainOver = new CancellationTokenSource();
        return stopped;
    }

    private async Task<UnloadResult> StopGenerationAsync(bool willReturn, string reason, TimeSpan drain)
    {
        PluginView view = View;
        if (!willReturn)
        {
            DropHot();
        }

        if (view.State != PluginState.Ready || !_machine.TryBeginStop(view.Generation, willReturn, reason))
        {
            // Out of quarantine leads a reset, a restart or a reload, and no detour over a stop.
            if (view.State == PluginState.BackingOff && !willReturn)
            {
                _machine.Rest(PluginState.Stopped, reason);
            }

            return UnloadResult.Nothing;
        }

        UnloadResult result = await StopLiveAsync(drain).ConfigureAwait(false);
        RecordDeathOf(view.Instance!);
        CountLeak(result, view.Generation);
        _readyAt = null;
        Log.Stopped(_log, Plugin.Id, view.Generation, result.Outcome, result.AbandonedCalls);
        reason = result.Outcome == UnloadOutcome.Pinned ? $"{reason} {PinnedStays}" : reason;
        bool lingers = result.Outcome != UnloadOutcome.Unloaded && view.Instance!.MayLinger;
        _machine.Rest(lingers || result.Outcome == UnloadOutcome.Pending ? PluginState.Unloading : PluginState.Stopped, reason);
        return result;
    }

    private async Task<UnloadResult> StopLiveAsync(TimeSpan drain)
    {
        LiveGeneration live = _live!;
        _live = null;
        UnloadResult result = await StopAsync(live, drain).ConfigureAwait(false);
        LetGo(live);
        return result;
    }

    /// <summary>Ends a generation. Any thread.</summary>
    private async Task<UnloadResult> StopAsync(LiveGeneration live, TimeSpan drain)
    {
        IPluginInstance instance = live.Instance;
        live.Leases.IsStopping = true;
        UnloadResult result;
        try
        {
            result = await instance.StopAsync(drain, CancellationToken.None).ConfigureAwait(false);
            await instance.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception defect)
        {
            // Of the host's own: what is left of it is not known, and the plugin is not left between two generations for it.
            Log.CommandFailed(_log, Plugin.Id, $"stop of generation {instance.Generation}", defect);
            result = new UnloadResult(UnloadOutcome.TimedOut, 0, []);
        }

        FollowUnload(instance, result);
        return result;
    }

}

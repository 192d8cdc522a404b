using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The part that moves the plugin from in-process to a child process: past a budget, where the policy allows it, until somebody resets it; or for
/// this host's life, where it cannot be started again in-process. Runs in the supervisor's loop only.
/// </summary>
internal sealed partial class PluginSupervisor
{
    /// <summary>A fault's limit where counted faults came too fast.</summary>
    private const string FaultRateLimit = "FaultRate.Limit";

    // Why no further generation is loaded in-process; null where one may be.
    private string? _refusesMore;

    /// <summary>Counts that its faults came too fast, where that was it. The generation has ended.</summary>
    private void CountFaultRate(FaultRecord fault)
    {
        if (fault.Limit == FaultRateLimit
            && Add(IncidentKind.FaultRate, $"its faults came too fast at {Clock.GetUtcNow().UtcDateTime:u}: {Shortened(fault.Message)}") is { } demotion
            && Plugin.MayBeDemoted == true)
        {
            Move(Placing.Demoted(PluginTier.InProcess, demotion, Plugin.Id));
        }
    }

    /// <summary>Counts an unload that left something behind. The generation has ended and no other runs.</summary>
    private void CountLeak(UnloadResult unload, int generation)
    {
        if (Leak(unload, generation) is { } reason)
        {
            Move(reason);
        }
    }

    /// <summary>The same where another generation runs already: should that be the last that is allowed, it is taken down too.</summary>
    private async Task CountLeakBesideAsync(UnloadResult unload, int generation)
    {
        if (Leak(unload, generation) is not { } reason)
        {
            return;
        }

        // One that waits for its restart has that before it, in its own time.
        bool wasUp = View.State == PluginState.Ready;
        if (wasUp)
        {
            await StopGenerationAsync(willReturn: true, reason, _settings.DrainTimeout).ConfigureAwait(false);
        }

        if (_tier == PluginTier.InProcess)
        {
            // Unless that one has leaked as well and was the reason already.
            Move(reason);
        }

        if (wasUp)
        {
            await StartGenerationAsync(cause: null).ConfigureAwait(false);
        }
    }

    /// <summary>Counts an unload that left something; past the budget the plugin goes where the policy says, or no other generation of it is loaded in-process.</summary>
    /// <returns>Why it has to be moved now, or null.</returns>
    private string? Leak(UnloadResult unload, int generation)
    {
        if (unload.Outcome is not (UnloadOutcome.Leaked or UnloadOutcome.TimedOut))
        {
            return null;
        }

        string what = string.Create(
            CultureInfo.InvariantCulture,
            $"generation {generation} could not be unloaded at {Clock.GetUtcNow().UtcDateTime:u} ({unload.Outcome}, {unload.AbandonedCalls} call(s) abandoned)");
        if (Add(IncidentKind.UnloadLeak, what) is not { } demotion)
        {
            return null;
        }

        switch (Plugin.MayBeDemoted)
        {
            case true:
                return Placing.Demoted(PluginTier.InProcess, demotion, Plugin.Id);

            case null:
                return $"Moved to the process tier because {demotion.Because}. Until this host ends, or somebody resets or reloads it.";

            default:
                _refusesMore = $"No further generation is loaded in-process, because {demotion.Because}; and the policy does not let the host move it (\"demotion\": false).";
                Log.NoMoreInProcess(_log, Plugin.Id, _refusesMore);
                return null;
        }
    }

    /// <summary>Refuses a command that would load another generation in-process where too many have stayed; what runs goes on.</summary>
    private bool RefusesAnother(Command command, SupervisedPlugin next)
    {
        if (_refusesMore is not { } refusal || _tier != PluginTier.InProcess || next.Placement.Tier != PluginTier.InProcess)
        {
            return false;
        }

        PluginView view = View;
        command.Fail(GiveUp(
            new PluginRefusedException(
                $"Plugin '{Plugin.Id}': {refusal}",
                new PluginFault(Plugin.Id, FaultKind.UnloadLeak) { Tier = _tier, Remedy = $"Mend what holds them, then reset the plugin (pluginhost reset {Plugin.Id})." }),
            "No other generation was started",
            view));
        return true;
    }

    /// <summary>Decides where the next generation runs after one that was to be unloaded.</summary>
    /// <param name="unload">What became of that one.</param>
    /// <param name="mustBeGone">True after a failure: a fresh context is allowed only where the old one is proved gone.</param>
    /// <returns>Why it can run nowhere; null where it can.</returns>
    private string? MoveWhereNeeded(UnloadResult unload, bool mustBeGone)
    {
        if (mustBeGone)
        {
            CountLeak(unload, View.Generation);
        }

        if (_tier != PluginTier.InProcess || (mustBeGone ? unload.Outcome == UnloadOutcome.Unloaded : unload.Outcome != UnloadOutcome.TimedOut))
        {
            return null;
        }

        return MoveOrStay(IsPinned ? PinnedWhat : string.Create(
            CultureInfo.InvariantCulture,
            $"generation {View.Generation} could not be proved unloaded ({unload.Outcome}, {unload.AbandonedCalls} call(s) abandoned)"));
    }

    /// <returns>Why it can run nowhere; null where it was moved to the process tier.</returns>
    private string? MoveOrStay(string what)
    {
        if (Plugin.MayBeDemoted == false)
        {
            return $"It cannot be started again in-process: {what}; and the policy does not let the host move it (\"demotion\": false).";
        }

        Move($"Moved to the process tier: {what}. Until this host ends, or somebody resets or reloads it.");
        return null;
    }

    private async Task ActResetAsync(Command.Reset reset)
    {
        if (View.State != PluginState.Ready && (reset.Starts || View.WillReturn))
        {
            ThrowWherePinned("reset");
        }

        _history = RestartHistory.Empty;
        _refusesMore = null;
        _rate.Clear();
        bool wasUp = View.WillReturn;
        SupervisedPlugin placed = reset.Undemote(Plugin);
        if (_demotion is not null || !ReferenceEquals(placed, Plugin))
        {
            await MoveBackAsync(placed).ConfigureAwait(false);
        }

        ReplaceMissing();
        if (reset.Starts || wasUp)
        {
            await StartGenerationAsync(cause: null).ConfigureAwait(false);
        }
        else if (View.State == PluginState.Quarantined)
        {
            _machine.Rest(PluginState.Stopped, "Reset.");
        }
    }

    private async Task MoveBackAsync(SupervisedPlugin placed)
    {
        if (TierOf(placed) != placed.Placement.Tier)
        {
            // It stays where it is while the application lives, and says so.
            Volatile.Write(ref _plugin, placed);
            return;
        }

        string what = $"It no longer runs in {_tier} where {placed.Placement.Tier} is chosen.";
        Log.Reset(_log, placed.Id, what);
        if (placed.Placement.Tier != _tier)
        {
            await StopGenerationAsync(willReturn: true, $"Reset. {what}", _settings.DrainTimeout).ConfigureAwait(false);
            EndLater(Interlocked.Exchange(ref _hot, null));
        }

        Volatile.Write(ref _plugin, placed);
        _tier = placed.Placement.Tier;
        _demotion = null;
    }

    /// <summary>Counts an incident of the plugin in-process; gives what stands for it where a budget is spent, or null.</summary>
    private Demotion? Add(IncidentKind kind, string what) =>
        _tier == PluginTier.InProcess ? _settings.Demotions?.Add(Plugin.Id, new Incident(kind, Clock.GetUtcNow(), what)) : null;

    private void Move(string reason)
    {
        _tier = PluginTier.Process;
        _demotion = reason;
        Log.Demoted(_log, Plugin.Id, reason);
    }

    // It is written down, and read by people in one line.
    private static string Shortened(string message)
    {
        string line = new([.. message.Take(500).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)]);
        return message.Length > 500 ? line + "…" : line;
    }
}

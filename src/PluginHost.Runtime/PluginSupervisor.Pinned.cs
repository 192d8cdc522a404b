using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime;

/// <summary>
/// The part that keeps a pinned plugin (<c>"unloadable": false</c>) from being loaded into the application a second time: its first copy never leaves
/// memory, so each restart would leave one more. Any thread, but for what says so.
/// </summary>
internal sealed partial class PluginSupervisor
{
    // The generation whose code is in the application's memory for good; 0 for none.
    private int _pinned;

    private bool IsPinned => Volatile.Read(ref _pinned) != 0;

    /// <summary>What is said of a pinned plugin that was stopped.</summary>
    private string PinnedStays => string.Create(
        CultureInfo.InvariantCulture, $"It is pinned (\"unloadable\": false): the code of generation {_pinned} stays in memory until the application ends.");

    private void NotePinned(int generation) => Interlocked.CompareExchange(ref _pinned, generation, 0);

    /// <summary>Why the plugin cannot be loaded into the application now; null where it can, or runs elsewhere.</summary>
    /// <param name="notDone">What was asked for, as a participle: <c>restarted</c>.</param>
    private PluginRefusedException? PinnedRefusal(string notDone) => _tier == PluginTier.InProcess && IsPinned
        ? new PluginRefusedException(
            $"{Plugin.Id} was not {notDone}: {char.ToLowerInvariant(PinnedStays[0])}{PinnedStays[1..]} {PinnedRemedy}",
            new PluginFault(Plugin.Id, FaultKind.Refused) { Tier = PluginTier.InProcess, Generation = View.Generation })
        : null;

    private string PinnedRemedy =>
        $"Restart the application, or run the plugin in the process tier (\"plugins\": {{ \"{Plugin.Id}\": {{ \"tier\": \"process\" }} }} in the policy), where it can be restarted and reloaded.";

    /// <summary>The last guard, for ways that lead to a start and were not asked before.</summary>
    private void ThrowWherePinned(string notDone)
    {
        if (PinnedRefusal(notDone) is { } refused)
        {
            throw refused;
        }
    }

    /// <summary>The same for a restart whose asking made a start give up that had loaded the plugin already: none follows. In the loop only.</summary>
    private void ThrowWherePinnedRestart()
    {
        if (PinnedRefusal("restarted") is { } refused)
        {
            if (View.State == PluginState.BackingOff)
            {
                _machine.Rest(PluginState.Stopped, refused.Message);
            }

            throw refused;
        }
    }

    /// <summary>Where a plugin that is placed so runs: one that was moved because it is pinned does not come back while the application lives.</summary>
    private PluginTier? TierOf(SupervisedPlugin plugin) =>
        plugin.Placement.Tier == PluginTier.InProcess && _tier == PluginTier.Process && IsPinned ? PluginTier.Process : plugin.Placement.Tier;

    /// <summary>
    /// Decides where a pinned plugin goes on that has to be loaded anew: the process tier, or nowhere where the policy does not let the host move it.
    /// In the loop only.
    /// </summary>
    /// <param name="decision">What the restart policy says.</param>
    /// <returns>Why it can run nowhere; null where it can, or need not be loaded anew.</returns>
    private string? MoveWherePinned(RestartDecision decision) =>
        decision is RestartDecision.Restart && _tier == PluginTier.InProcess && IsPinned ? MoveOrStay(PinnedWhat) : null;

    private string PinnedWhat => string.Create(
        CultureInfo.InvariantCulture,
        $"it is pinned (\"unloadable\": false), the code of generation {_pinned} stays in memory, and no new context takes its place");
}

namespace PluginHost.Runtime.Tiers;

/// <summary>What became of a generation that was stopped.</summary>
/// <param name="Outcome">Whether it is gone from memory.</param>
/// <param name="AbandonedCalls">Calls that were still inside when the drain's deadline ended.</param>
/// <param name="Holders">What still holds it, where known, outermost first; empty otherwise.</param>
public sealed record UnloadResult(UnloadOutcome Outcome, int AbandonedCalls, IReadOnlyList<string> Holders)
{
    /// <summary>Nothing was running.</summary>
    public static UnloadResult Nothing { get; } = new(UnloadOutcome.Unloaded, 0, []);
}

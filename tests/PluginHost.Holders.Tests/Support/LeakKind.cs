namespace PluginHost.Holders.Tests.Support;

/// <summary>What becomes of a plugin that did one thing.</summary>
public enum Fate
{
    /// <summary>It goes from memory, as it looks harmless and is.</summary>
    Harmless,

    /// <summary>It would have stayed; the engine frees it.</summary>
    Freed,

    /// <summary>It stays, and what holds it is named.</summary>
    Named,
}

/// <summary>One row of the leak matrix.</summary>
/// <param name="Kind">What the fixture does.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Text">What a person reads, without the way in brackets behind it and with N for a thread's number; null where nothing is said.</param>
internal sealed record LeakKind(string Kind, Fate Fate, string? Text = null);

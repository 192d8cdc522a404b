using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.Model;

/// <summary>What an in-process plugin can do to its host that counts towards a move out of process.</summary>
internal enum IncidentKind
{
    /// <summary>The host died while a thread was in it.</summary>
    HostDeath,

    /// <summary>Its exceptions and time-outs came too fast.</summary>
    FaultRate,

    /// <summary>Too many threads of the application were stuck in it.</summary>
    LostThreads,

    /// <summary>A generation of it stayed in memory, or a call did not come out of it.</summary>
    UnloadLeak,
}

/// <summary>One such event. Immutable.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="At">When.</param>
/// <param name="What">The same in words, to go on after "because".</param>
/// <param name="Key">Names it where it may be told of twice, so that it counts once; null where each one told counts.</param>
internal sealed record Incident(IncidentKind Kind, DateTimeOffset At, string What, string? Key = null);

/// <summary>A move to a farther tier that the host itself wants. Immutable.</summary>
/// <param name="Tier">The tier.</param>
/// <param name="Because">The reason, to go on after "because".</param>
/// <param name="At">Since when.</param>
internal sealed record Demotion(PluginTier Tier, string Because, DateTimeOffset At);

/// <summary>What is kept of one plugin. Immutable.</summary>
/// <param name="Incidents">What counts still, oldest first; none once it was decided.</param>
/// <param name="Demotion">What was decided; null for nothing.</param>
internal sealed record IncidentHistory(IReadOnlyList<Incident> Incidents, Demotion? Demotion)
{
    /// <summary>A plugin that did nothing.</summary>
    public static IncidentHistory Empty { get; } = new([], null);
}

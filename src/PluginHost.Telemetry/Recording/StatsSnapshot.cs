using System.Text.Json;
using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>All figures at one moment: the same shape for every tier. Immutable.</summary>
/// <param name="At">When the figures were read.</param>
/// <param name="Since">When counting began.</param>
/// <param name="WindowSeconds">Seconds from <paramref name="Since"/> to <paramref name="At"/>, by the monotonic clock.</param>
/// <param name="Plugins">Every plugin and tier it ran on, by id and tier.</param>
/// <param name="Tiers">The plugins' figures added up, one entry for each tier that has any.</param>
public sealed record StatsSnapshot(
    DateTimeOffset At, DateTimeOffset Since, double WindowSeconds, IReadOnlyList<PluginStats> Plugins, IReadOnlyList<TierStats> Tiers)
{
    /// <summary>Writes the snapshot as one line of UTF-8 JSON.</summary>
    /// <exception cref="IOException">The stream could not take it.</exception>
    public void Write(Stream stream) => JsonSerializer.Serialize(stream, this, StatsJson.Plain.StatsSnapshot);

    /// <summary>Reads what <see cref="Write"/> wrote. Unknown members are ignored.</summary>
    /// <exception cref="JsonException">The text is no snapshot; the message says where.</exception>
    public static StatsSnapshot Read(ReadOnlySpan<byte> utf8Json) =>
        JsonSerializer.Deserialize(utf8Json, StatsJson.Plain.StatsSnapshot) ?? throw new JsonException("The text is \"null\", expected a snapshot.");
}

/// <summary>The figures of one plugin in one tier.</summary>
public sealed record PluginStats : CallStats
{
    /// <summary>The plugin's id.</summary>
    public required string Id { get; init; }

    /// <summary>Where it ran; null for faults before it ran anywhere.</summary>
    public PluginTier? Tier { get; init; }

    /// <summary>How often it was restarted.</summary>
    public long Restarts { get; init; }

    /// <summary>Restarts by cause.</summary>
    public IReadOnlyDictionary<string, long> RestartsByCause { get; init; } = new Dictionary<string, long>();

    /// <summary>Faults that were counted, but have no entry because the plugin made too many.</summary>
    public long FaultsDropped { get; init; }

    /// <summary>Threads of the application that calls hold in it now beyond their time; in-process only.</summary>
    public long LostThreads { get; init; }

    /// <summary>Its methods, by name.</summary>
    public IReadOnlyList<MethodStats> Methods { get; init; } = [];
}

/// <summary>The figures of one method.</summary>
public sealed record MethodStats : CallStats
{
    /// <summary>The method's wire name.</summary>
    public required string Method { get; init; }
}

/// <summary>The figures of a tier: its plugins' added up.</summary>
public sealed record TierStats : CallStats
{
    /// <summary>The tier.</summary>
    public required PluginTier Tier { get; init; }

    /// <summary>How often its plugins were restarted.</summary>
    public long Restarts { get; init; }
}

/// <summary>What is counted of a method, a plugin and a tier alike.</summary>
public abstract record CallStats
{
    /// <summary>Calls that have ended: the sum of the six numbers by status.</summary>
    public long Calls { get; init; }

    /// <summary>Calls with a result.</summary>
    public long Ok { get; init; }

    /// <summary>Calls that ended in a declared error.</summary>
    public long Errors { get; init; }

    /// <summary>Calls that a fault of the plugin ended. One crash can end many.</summary>
    public long Faulted { get; init; }

    /// <summary>Calls whose deadline ended first.</summary>
    public long Timeouts { get; init; }

    /// <summary>Calls that their caller cancelled.</summary>
    public long Cancelled { get; init; }

    /// <summary>Calls that the plugin did not take.</summary>
    public long Unavailable { get; init; }

    /// <summary>Calls inside now.</summary>
    public long InFlight { get; init; }

    /// <summary>Incidents: fault records, each one once, coalesced and dropped ones included. The sum of <see cref="FaultsByKind"/>.</summary>
    public long Faults { get; init; }

    /// <summary>Incidents by kind; kinds that did not occur are missing.</summary>
    public IReadOnlyDictionary<FaultKind, long> FaultsByKind { get; init; } = new Dictionary<FaultKind, long>();

    /// <summary>From the caller's entry to its result, of calls with a result: all of them out of process, one in 1,024 in-process.</summary>
    public LatencyStats Latency { get; init; } = LatencyStats.None;

    /// <summary>What the tier adds to a call; null where it is not known (yet).</summary>
    public OverheadStats? Overhead { get; init; }
}

/// <summary>A latency distribution in microseconds: percentiles within 2 %, the maximum exact.</summary>
/// <param name="P50Us">The median.</param>
/// <param name="P90Us">The 90th percentile.</param>
/// <param name="P99Us">The 99th percentile.</param>
/// <param name="P999Us">The 99.9th percentile.</param>
/// <param name="MaxUs">The greatest.</param>
/// <param name="Samples">How many calls were measured.</param>
public sealed record LatencyStats(double P50Us, double P90Us, double P99Us, double P999Us, double MaxUs, long Samples)
{
    /// <summary>Nothing was measured.</summary>
    public static LatencyStats None { get; } = new(0, 0, 0, 0, 0, 0);
}

/// <summary>What a tier adds to a call, in microseconds.</summary>
/// <param name="P50Us">The median.</param>
/// <param name="P90Us">The 90th percentile.</param>
/// <param name="P99Us">The 99th percentile.</param>
/// <param name="P999Us">The 99.9th percentile.</param>
/// <param name="MaxUs">The greatest.</param>
/// <param name="Samples">How many calls were measured; 0 where calibrated.</param>
/// <param name="Method"><c>measured</c> for each call (round trip - inside - queued), or <c>calibrated</c> once for all (guard - raw call).</param>
public sealed record OverheadStats(double P50Us, double P90Us, double P99Us, double P999Us, double MaxUs, long Samples, string Method)
{
    /// <summary>The method of figures taken from each call.</summary>
    public const string Measured = "measured";

    /// <summary>The method of a figure taken once for the runtime.</summary>
    public const string Calibrated = "calibrated";
}

using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Output;

/// <summary>What <c>bench start --json</c> prints.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Runs">From the kill of a worker to the answer of the next call, for each kind of spare.</param>
/// <param name="PerCall">A fresh worker for every call.</param>
/// <param name="Pool">What a worker costs in a pool.</param>
internal sealed record StartDocument(MachineLine Machine, IReadOnlyList<StartLine> Runs, PerCallLine PerCall, PoolMemoryLine Pool);

/// <summary>One kind of spare.</summary>
internal sealed record StartLine(PluginTier Tier, string Spare, string Plugin, double P50Ms, double P99Ms, double PssMiB);

/// <summary>A fresh worker for every call.</summary>
/// <param name="P50Ms">The median time of a call that finds a worker ready.</param>
/// <param name="P99Ms">The p99 of the same.</param>
/// <param name="SustainedCallsPerSecond">Calls a second, one behind the other: what starting workers allows.</param>
/// <param name="Workers">How many at once, and how many are kept ready.</param>
internal sealed record PerCallLine(double P50Ms, double P99Ms, double SustainedCallsPerSecond, int Workers);

/// <summary>The memory of the workers of a pool.</summary>
/// <param name="Workers">How many.</param>
/// <param name="PssMiB">Of each: its own pages and its share of those that several use.</param>
/// <param name="PrivateMiB">Of each: its own pages alone.</param>
internal sealed record PoolMemoryLine(int Workers, double PssMiB, double PrivateMiB);

/// <summary>What <c>bench crash --json</c> prints.</summary>
internal sealed record CrashDocument(MachineLine Machine, IReadOnlyList<CrashLine> Runs);

/// <summary>One plugin under load whose workers are killed.</summary>
internal sealed record CrashLine
{
    /// <summary>How many workers.</summary>
    public required int Workers { get; init; }

    /// <summary>How many requests a second were sent.</summary>
    public required int RequestsPerSecond { get; init; }

    /// <summary>How long one takes inside the plugin.</summary>
    public required int ServiceTimeMs { get; init; }

    /// <summary>Whether the contract says that a lost request may be sent again.</summary>
    public required bool Idempotent { get; init; }

    /// <summary><c>none</c>, <c>warm</c> or <c>hot</c>.</summary>
    public required string Spare { get; init; }

    /// <summary>How often a worker was killed.</summary>
    public required int Crashes { get; init; }

    /// <summary>Requests sent.</summary>
    public required long Sent { get; init; }

    /// <summary>Requests answered.</summary>
    public required long Succeeded { get; init; }

    /// <summary>Requests that ended with a fault.</summary>
    public required long Dropped { get; init; }

    /// <summary>Those, a crash.</summary>
    public required double DroppedPerCrash { get; init; }

    /// <summary>What arithmetic says must be lost a crash: what is in flight, rate times service time, over the workers.</summary>
    public required double PredictedInFlight { get; init; }

    /// <summary>What failing every request during the restart would have lost a crash.</summary>
    public required double NaiveDropped { get; init; }

    /// <summary>The p99 of the time of answered requests that were sent between a kill and the next answer.</summary>
    public required double HeldP99Ms { get; init; }

    /// <summary>The median time from a kill to the next answer.</summary>
    public required double RestartMilliseconds { get; init; }
}

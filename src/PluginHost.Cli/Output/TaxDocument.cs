using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Output;

/// <summary>What <c>bench tax --json</c> prints.</summary>
internal sealed record TaxDocument(
    MachineLine Machine, IReadOnlyList<FloorLine> Floors, IReadOnlyList<TaxTierLine> Tiers, IReadOnlyList<TaxLine> Tax, IReadOnlyList<MustLine> Musts);

/// <summary>Where it was measured.</summary>
/// <param name="Cores">The processors that this process may use.</param>
/// <param name="Os">The system.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="Pinned">True where the process may use fewer processors than the machine has, in fact one.</param>
/// <param name="Rounds">How many times everything was measured, in turns; medians are told.</param>
internal sealed record MachineLine(int Cores, string Os, string Runtime, bool Pinned, int Rounds);

/// <summary>What a tier is held against, measured in the same run. One of the two times is there.</summary>
internal sealed record FloorLine(string Name, double? Nanoseconds, double? Microseconds);

/// <summary>One way of calling in one tier.</summary>
internal sealed record TaxTierLine
{
    /// <summary>The tier.</summary>
    public required PluginTier Tier { get; init; }

    /// <summary>In-process: <c>unloadable</c> or <c>pinned</c>; null elsewhere.</summary>
    public string? Mode { get; init; }

    /// <summary>Out of process: <c>socket</c> or <c>ring</c>; null in-process.</summary>
    public string? Transport { get; init; }

    /// <summary>Out of process: <c>messagepack</c> or <c>json</c>; null in-process.</summary>
    public string? Codec { get; init; }

    /// <summary><c>sync</c> or <c>async</c>.</summary>
    public required string Caller { get; init; }

    /// <summary><c>completed</c> or <c>awaits</c>.</summary>
    public required string Handler { get; init; }

    /// <summary>Whether the caller gives a token that can be cancelled.</summary>
    public required bool Token { get; init; }

    /// <summary>One call after the other. In-process a sample is the mean of 1,000 calls: a clock's reading costs more than a call.</summary>
    public required SequentialLine Sequential { get; init; }

    /// <summary>64 calls at once.</summary>
    public required InFlightLine InFlight64 { get; init; }

    /// <summary>One call a millisecond.</summary>
    public required SparseLine Sparse { get; init; }

    /// <summary>Host and worker together.</summary>
    public required double AllocatedBytesPerCall { get; init; }

    /// <summary>Processor time of host and worker together, at 64 in flight.</summary>
    public required double CpuNsPerCall { get; init; }

    /// <summary>The call minus the raw call of the same shape in the same run.</summary>
    public required double OverheadNs { get; init; }

    /// <summary>Over the tier's floor: the raw interface call of the same mode, the socket's ping-pong, or that of shared memory.</summary>
    public required double TimesFloor { get; init; }
}

/// <summary>Calls one after the other.</summary>
internal sealed record SequentialLine(double P50Ns, double P99Ns, double CallsPerSecond);

/// <summary>Calls at once.</summary>
internal sealed record InFlightLine(double CallsPerSecond);

/// <summary>Calls far apart.</summary>
internal sealed record SparseLine(double P50Ns);

/// <summary>What a rate of calls costs in a tier.</summary>
internal sealed record TaxLine(long CallsPerSecond, PluginTier Tier, string? Transport, double CorePercent);

/// <summary>What a figure has to reach, and what it did.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Transport">Over what.</param>
/// <param name="Caller"><c>sync</c> or <c>async</c>.</param>
/// <param name="Value">What this run measured.</param>
/// <param name="Unit">Of the three figures.</param>
/// <param name="Must">What it has to reach.</param>
/// <param name="Aim">What it would better reach.</param>
/// <param name="Met">Whether it reached what it has to; null where this run was pinned otherwise than the row asks.</param>
internal sealed record MustLine(string Name, string Transport, string Caller, double Value, string Unit, double Must, double Aim, bool? Met);

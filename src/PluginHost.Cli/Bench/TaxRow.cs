using Bench.Contracts;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Bench;

/// <summary>One way of calling in one tier: what it is, and what each round measured of it. Not thread-safe.</summary>
internal sealed class TaxRow
{
    /// <summary>The socket's word.</summary>
    public const string Socket = "socket";

    /// <summary>The rings' word.</summary>
    public const string Ring = "ring";

    /// <summary>The tier.</summary>
    public required PluginTier Tier { get; init; }

    /// <summary>What carries the calls, as a word; null in-process.</summary>
    public string? Transport { get; init; }

    /// <summary>The codec's word; null in-process.</summary>
    public string? Codec { get; init; }

    /// <summary>What is called.</summary>
    public required IBench Target { get; init; }

    /// <summary>How it is called.</summary>
    public required CallLoop Loop { get; init; }

    /// <summary>What is called raw.</summary>
    public required IBench RawTarget { get; init; }

    /// <summary>True where the plugin is loaded for good.</summary>
    public bool IsPinned { get; init; }

    /// <summary>The same calls of the raw object.</summary>
    public required CallLoop Raw { get; init; }

    /// <summary><c>completed</c> or <c>awaits</c>.</summary>
    public required string Handler { get; init; }

    /// <summary>Whether a token that can be cancelled is given.</summary>
    public required bool HasToken { get; init; }

    /// <summary>How many calls fit a second, as the last round found.</summary>
    public double Rate { get; set; } = 10_000;

    /// <summary>What each round measured.</summary>
    public List<TaxRound> Rounds { get; } = [];

    /// <summary>The row of the report: medians over the rounds.</summary>
    /// <param name="interfaceCallNs">The raw interface call of a plugin that can be unloaded.</param>
    /// <param name="pinnedCallNs">The raw interface call of one that is loaded for good.</param>
    /// <param name="socketNs">The socket's round trip.</param>
    /// <param name="memoryNs">The shared memory's round trip.</param>
    public TaxTierLine ToLine(double interfaceCallNs, double pinnedCallNs, double socketNs, double memoryNs)
    {
        bool isInProcess = Tier == PluginTier.InProcess;
        double floorNs = isInProcess ? (IsPinned ? pinnedCallNs : interfaceCallNs) : Transport == Ring ? memoryNs : socketNs;
        double p50 = Median(r => r.P50Ns);
        return new TaxTierLine
        {
            Tier = Tier,
            Mode = isInProcess ? (IsPinned ? "pinned" : "unloadable") : null,
            Transport = Transport,
            Codec = Codec,
            Caller = Loop.IsSynchronous ? "sync" : "async",
            Handler = Handler,
            Token = HasToken,
            Sequential = new SequentialLine(Round(p50), Round(Median(r => r.P99Ns)), Math.Round(Median(r => r.CallsPerSecond))),
            InFlight64 = new InFlightLine(Math.Round(Median(r => r.InFlightPerSecond))),
            Sparse = new SparseLine(Math.Round(Median(r => r.SparseNs))),
            AllocatedBytesPerCall = Round(Median(r => r.BytesPerCall)),
            CpuNsPerCall = Round(Median(r => r.CpuNsPerCall)),
            OverheadNs = Round(Median(r => r.P50Ns - r.RawNs)),
            TimesFloor = Round(p50 / floorNs),
        };
    }

    private static double Round(double value) => Math.Round(value, 3);

    private double Median(Func<TaxRound, double> of) => Distribution.Median([.. Rounds.Select(of)]);
}

/// <summary>What one round measured of a row.</summary>
/// <param name="P50Ns">The median of a call, one after the other.</param>
/// <param name="P99Ns">The 99th percentile.</param>
/// <param name="CallsPerSecond">One after the other.</param>
/// <param name="RawNs">The median of the raw call of the same shape.</param>
/// <param name="BytesPerCall">Allocated by host and worker together.</param>
/// <param name="InFlightPerSecond">64 at once.</param>
/// <param name="CpuNsPerCall">Processor time of host and worker together, 64 at once.</param>
/// <param name="SparseNs">The median of a call a millisecond.</param>
internal sealed record TaxRound(
    double P50Ns,
    double P99Ns,
    double CallsPerSecond,
    double RawNs,
    double BytesPerCall,
    double InFlightPerSecond,
    double CpuNsPerCall,
    double SparseNs);

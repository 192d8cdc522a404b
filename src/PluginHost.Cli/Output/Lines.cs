using System.Globalization;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Cli.Output;

/// <summary>A plugin, as <c>list</c> and <c>demo</c> show it.</summary>
internal sealed record PluginLine(
    string Id,
    string? Version,
    TrustLevel RequestedTrust,
    TrustLevel GrantedTrust,
    PluginTier? Tier,
    PluginState State,
    int Generation,
    int? WorkerPid,
    IReadOnlyList<WorkerStatus> Workers,
    IReadOnlyList<string> Contracts,
    string? Unavailable,
    string? Demotion,
    string? FaultId,
    IReadOnlyList<UnprovedUnload> Unproved,
    IReadOnlyList<string> Reasons)
{
    /// <summary>Calls that hold threads of the host beyond their time; in-process only.</summary>
    public IReadOnlyList<StuckCall> StuckCalls { get; init; } = [];

    /// <summary>The line of a plugin.</summary>
    public static PluginLine Of(PluginStatus status) => new(
        status.Id, status.Version, status.RequestedTrust, status.GrantedTrust, status.Tier, status.State, status.Generation, status.WorkerPid, status.Workers,
        status.Contracts, status.Unavailable, status.Demotion, status.FaultId, status.Unproved, status.Reasons)
    {
        StuckCalls = status.StuckCalls,
    };

    /// <summary>Each thread that it costs the host, in words.</summary>
    public IEnumerable<string> LostThreads() => StuckCalls.Select(c => string.Create(
        CultureInfo.InvariantCulture, $"{Id}: thread {c.ThreadId} of the host is lost in {c.Method} (generation {c.Generation}) since {c.Since.UtcDateTime:u}{(c.Doing is null ? "" : $"; {c.Doing}")}"));

    /// <summary>What a person should know of its state: why it may not run, or what has gone wrong; null for nothing.</summary>
    public string? Trouble() =>
        Tier is null ? $"{Id}: {string.Join(' ', Reasons)}"
        : FaultId is not null ? $"{Id}: {(Reasons is [.., var why] ? why : Words.Of(State))} (fault {FaultId})"
        : Unproved.Any(u => u.IsLeak) ? $"{Id}: generation {string.Join(", ", Unproved.Where(u => u.IsLeak).Select(u => u.Generation))} was unloaded and leaked; see its faults and docs/unloading.md"
        : null;
}

/// <summary>One call that was made, or <see cref="Count"/> equal ones.</summary>
internal sealed record CallLine(string Plugin, string Method, PluginTier? Tier, bool Ok, double Microseconds, string? Result)
{
    /// <summary>How many calls the line stands for; their mean time is told.</summary>
    public int Count { get; init; } = 1;
}

/// <summary>A fault record.</summary>
internal sealed record FaultLine(
    string Plugin,
    PluginTier? Tier,
    FaultKind Kind,
    int Generation,
    DateTimeOffset At,
    string? Method,
    string Message,
    int? ExitCode,
    string? Signal,
    string? StderrTail,
    string? RemoteType,
    long Count,
    string? Id,
    int CallsInFlight,
    string? Limit,
    string? Remedy)
{
    /// <summary>The line of a record.</summary>
    public static FaultLine Of(FaultRecord fault) => new(
        fault.PluginId, fault.Tier, fault.Kind, fault.Generation, fault.At, fault.Method, fault.Message, fault.ExitCode, fault.Signal,
        fault.StderrTail, fault.RemoteType, fault.Count, fault.Id, fault.CallsInFlight, fault.Limit, fault.Remedy ?? FaultKinds.Describe(fault.Kind).Remedy);
}

/// <summary>A restart.</summary>
internal sealed record RestartLine(
    string Plugin, PluginTier Tier, string Cause, int FromGeneration, int ToGeneration, double Milliseconds, DateTimeOffset At)
{
    /// <summary>The line of a record.</summary>
    public static RestartLine Of(RestartRecord restart) => new(
        restart.PluginId, restart.Tier, Words.Of(restart.Cause), restart.FromGeneration, restart.ToGeneration, restart.Milliseconds, restart.At);
}

/// <summary>A tier's figures in short.</summary>
internal sealed record TierLine(
    PluginTier Tier, long Calls, long Errors, long Faults, long Restarts, LatencyLine Latency, OverheadLine? Overhead)
{
    /// <summary>The line of a tier.</summary>
    public static TierLine Of(TierStats tier) => new(
        tier.Tier,
        tier.Calls,
        tier.Errors,
        tier.Faults,
        tier.Restarts,
        new LatencyLine(tier.Latency.P50Us, tier.Latency.P99Us, tier.Latency.Samples),
        tier.Overhead is { } overhead ? new OverheadLine(overhead.P50Us, overhead.P99Us, overhead.Method) : null);
}

/// <summary>How long calls take.</summary>
internal sealed record LatencyLine(double P50Us, double P99Us, long Samples);

/// <summary>What a tier adds to a call.</summary>
internal sealed record OverheadLine(double P50Us, double P99Us, string Method);

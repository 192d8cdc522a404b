using PluginHost.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.Model;

/// <summary>One plugin as it stands now. Immutable.</summary>
public sealed record PluginStatus
{
    /// <summary>The id; the folder's name where the manifest could not be read.</summary>
    public required string Id { get; init; }

    /// <summary>The manifest's version, or null where it could not be read.</summary>
    public string? Version { get; init; }

    /// <summary>The trust that the manifest requests.</summary>
    public TrustLevel RequestedTrust { get; init; }

    /// <summary>The trust it has.</summary>
    public TrustLevel GrantedTrust { get; init; }

    /// <summary>Where it runs; null where it may run nowhere.</summary>
    public PluginTier? Tier { get; init; }

    /// <summary>Its state.</summary>
    public PluginState State { get; init; }

    /// <summary>Its generation; 0 before the first start.</summary>
    public int Generation { get; init; }

    /// <summary>The worker's process id; null where there is none, or more than one.</summary>
    public int? WorkerPid { get; init; }

    /// <summary>The worker processes, those that are missing now included; empty in-process and where the plugin does not run.</summary>
    public IReadOnlyList<WorkerStatus> Workers { get; init; } = [];

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When the next start is tried, or null.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>The contracts it implements, as <c>Name@Major</c>.</summary>
    public IReadOnlyList<string> Contracts { get; init; } = [];

    /// <summary>What was missing on this machine when the plugin was read, so that it cannot start, with the remedy; null where nothing was.</summary>
    public string? Unavailable { get; init; }

    /// <summary>
    /// Why the host itself moved it to a farther tier than trust and policy choose; null where it did not. <see cref="PluginRuntime.ResetAsync"/> lifts it.
    /// </summary>
    public string? Demotion { get; init; }

    /// <summary>Calls that hold threads of the application in-process beyond their time, those of generations that have ended included; empty where there are none.</summary>
    public IReadOnlyList<StuckCall> StuckCalls { get; init; } = [];

    /// <summary>The id of the fault record that led to its state, or of the last attempt to replace it that failed; null where none did.</summary>
    public string? FaultId { get; init; }

    /// <summary>
    /// Its generations that were unloaded in-process and are not yet proved gone from memory, the one that was stopped last and those that were replaced
    /// included, oldest first.
    /// </summary>
    public IReadOnlyList<UnprovedUnload> Unproved { get; init; } = [];

    /// <summary>Every reason for its placement and state, in words.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];
}

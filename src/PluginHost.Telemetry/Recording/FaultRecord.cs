using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>One incident: plain data only, since an exception, type or stack trace object of a plugin would keep its load context in memory.</summary>
public sealed record FaultRecord
{
    /// <summary>
    /// Names this entry, in the exceptions of the calls that died of it too (<see cref="PluginException.FaultId"/>). Given by the recorder, or before
    /// by who saw the incident: such an entry stands for itself, it is neither coalesced nor capped. Null only before it is recorded.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>When it happened, or first happened where <see cref="Count"/> is above 1.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The plugin's id.</summary>
    public required string PluginId { get; init; }

    /// <summary>What went wrong.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>Where the plugin ran; null where it ran nowhere yet.</summary>
    public PluginTier? Tier { get; init; }

    /// <summary>The plugin's generation; 0 where it had none yet.</summary>
    public int Generation { get; init; }

    /// <summary>The called method's wire name, or null where no call was concerned.</summary>
    public string? Method { get; init; }

    /// <summary>What happened, in words.</summary>
    public required string Message { get; init; }

    /// <summary>Which limit was exceeded, by the name it is set by (<c>limits.message</c>); null where none was, or where it has no name.</summary>
    public string? Limit { get; init; }

    /// <summary>What a person does about it, where more is known than <see cref="FaultKinds.Describe"/> says of the kind; else null.</summary>
    public string? Remedy { get; init; }

    /// <summary>Calls that had been sent and were not answered when it happened. The idempotent among them are tried again; the others carry <see cref="Id"/>.</summary>
    public int CallsInFlight { get; init; }

    /// <summary>The exception's full type name on the plugin's side, as text.</summary>
    public string? RemoteType { get; init; }

    /// <summary>The stack on the plugin's side, as text, at most 16 KiB.</summary>
    public string? RemoteStack { get; init; }

    /// <summary>The worker's process id, where there was one.</summary>
    public int? WorkerPid { get; init; }

    /// <summary>The worker's exit code, where it exited.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the worker, such as <c>SIGABRT</c>.</summary>
    public string? Signal { get; init; }

    /// <summary>The last lines of the worker's standard error, at most 8 KiB.</summary>
    public string? StderrTail { get; init; }

    /// <summary>How many equal incidents (plugin, generation, method, kind, remote type) this entry stands for. At least 1.</summary>
    public long Count { get; init; } = 1;
}

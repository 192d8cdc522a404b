namespace PluginHost.Runtime.Model;

/// <summary>Where one worker of a plugin stands.</summary>
public enum WorkerState
{
    /// <summary>Takes calls.</summary>
    Ready,

    /// <summary>Its process is being started.</summary>
    Starting,

    /// <summary>It ended; the next one in its place starts after a delay.</summary>
    BackingOff,

    /// <summary>It ended and is not replaced until the plugin is reset, restarted or reloaded; the others go on.</summary>
    GivenUp,

    /// <summary>Stands ready for a call of its own (<c>"isolation": "per-call"</c>).</summary>
    Prepared,
}

/// <summary>One worker of a plugin as it stands now. Immutable.</summary>
public sealed record WorkerStatus
{
    /// <summary>Its number among the plugin's workers, from 1. One that replaces another has its number.</summary>
    public required int Number { get; init; }

    /// <summary>The process id, or null where it has none now.</summary>
    public int? Pid { get; init; }

    /// <summary>Its state.</summary>
    public required WorkerState State { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Calls inside it now.</summary>
    public int InFlight { get; init; }

    /// <summary>When the next start in its place is tried, or null.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Why it is missing, or that it is unresponsive, in words; null for one that is well.</summary>
    public string? Reason { get; init; }
}

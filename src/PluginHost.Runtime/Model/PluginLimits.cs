namespace PluginHost.Runtime.Model;

/// <summary>A plugin's limits. Null means the tier's own default or none.</summary>
public sealed record PluginLimits
{
    /// <summary>Memory in bytes. Default none.</summary>
    public long? Memory { get; init; }

    /// <summary>Processors, 1.0 being one core. Default none.</summary>
    public double? Cpu { get; init; }

    /// <summary>Threads of the worker. Default none.</summary>
    public int? Threads { get; init; }

    /// <summary>The longest time of a call. Default 10 s.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an unused worker is kept. Default for ever.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Calls at once inside the plugin. Default 256.</summary>
    public int Concurrency { get; init; } = 256;

    /// <summary>Calls that may wait beyond those. Default 1024.</summary>
    public int Queue { get; init; } = 1024;

    /// <summary>The longest message in bytes, 1 KiB to 1 GiB. Default 16 MiB.</summary>
    public int Message { get; init; } = 16 * 1024 * 1024;
}

/// <summary>
/// When a worker is replaced although it has not failed: another is started beside it, takes its calls, and it ends when its own have ended. Looked
/// at once a second; calls and age come earlier by up to a tenth, drawn anew for each worker. All off by default. In-process calls and age count.
/// </summary>
public sealed record RecycleOptions
{
    /// <summary>After this many calls, at least 1. Default never.</summary>
    public long? Calls { get; init; }

    /// <summary>After this time, at least 1 s. Default never.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Above this resident memory in bytes, at least 1 MiB: replaced with no call failed. Default never.</summary>
    public long? Memory { get; init; }

    /// <summary>Above this resident memory in bytes, at least 1 MiB: killed at once, which is a fault. Default never.</summary>
    public long? MemoryHard { get; init; }
}

/// <summary>Whether a plugin is restarted after a failure, and how often before it is quarantined.</summary>
public sealed record RestartOptions
{
    /// <summary>After which ends it is restarted. Default <see cref="RestartType.Permanent"/>.</summary>
    public RestartType Type { get; init; } = RestartType.Permanent;

    /// <summary>Restarts allowed within <see cref="Window"/>; the next failure quarantines. Default 3.</summary>
    public int Limit { get; init; } = 3;

    /// <summary>The window. Default 5 min.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>What a plugin asks to reach; what it gets is for the policy to say.</summary>
public sealed record PluginPermissions
{
    /// <summary>Paths to read.</summary>
    public IReadOnlyList<string> Read { get; init; } = [];

    /// <summary>Paths to write.</summary>
    public IReadOnlyList<string> Write { get; init; } = [];

    /// <summary>Names of environment variables.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>The network. Default false.</summary>
    public bool Network { get; init; }
}

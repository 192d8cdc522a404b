namespace PluginHost.Runtime.Model;

/// <summary>Limits that are set; null leaves what stands below.</summary>
public sealed record LimitOverrides
{
    /// <summary>Memory in bytes, from 1 MiB.</summary>
    public long? Memory { get; init; }

    /// <summary>Processors, above 0 and at most 1024.</summary>
    public double? Cpu { get; init; }

    /// <summary>Threads of the worker, 1 to 100,000.</summary>
    public int? Threads { get; init; }

    /// <summary>The longest time of a call, 1 ms to 24 h.</summary>
    public TimeSpan? CallTimeout { get; init; }

    /// <summary>How long an unused worker is kept.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Calls at once inside the plugin, 1 to 65,536.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Calls that may wait beyond those, 0 to 1,000,000.</summary>
    public int? Queue { get; init; }

    /// <summary>The longest message in bytes, 1 KiB to 1 GiB.</summary>
    public int? Message { get; init; }

    /// <summary>Gives the limits with the set ones put in place.</summary>
    /// <param name="below">What stands where nothing is set here.</param>
    public PluginLimits Over(PluginLimits below)
    {
        ArgumentNullException.ThrowIfNull(below);
        return new()
        {
            Memory = Memory ?? below.Memory,
            Cpu = Cpu ?? below.Cpu,
            Threads = Threads ?? below.Threads,
            CallTimeout = CallTimeout ?? below.CallTimeout,
            IdleTimeout = IdleTimeout ?? below.IdleTimeout,
            Concurrency = Concurrency ?? below.Concurrency,
            Queue = Queue ?? below.Queue,
            Message = Message ?? below.Message,
        };
    }
}

/// <summary>Recycling that is set; null leaves what stands below.</summary>
public sealed record RecycleOverrides
{
    /// <summary>After this many calls, at least 1.</summary>
    public long? Calls { get; init; }

    /// <summary>After this time, at least 1 s.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>Above this resident memory in bytes, at least 1 MiB: replaced.</summary>
    public long? Memory { get; init; }

    /// <summary>Above this resident memory in bytes, at least 1 MiB: killed.</summary>
    public long? MemoryHard { get; init; }

    /// <summary>Gives the options with the set ones put in place.</summary>
    /// <param name="below">What stands where nothing is set here.</param>
    public RecycleOptions Over(RecycleOptions below)
    {
        ArgumentNullException.ThrowIfNull(below);
        return new() { Calls = Calls ?? below.Calls, Age = Age ?? below.Age, Memory = Memory ?? below.Memory, MemoryHard = MemoryHard ?? below.MemoryHard };
    }
}

/// <summary>A restart budget that is set; null leaves what stands below.</summary>
public sealed record RestartOverrides
{
    /// <summary>After which ends the plugin is restarted.</summary>
    public RestartType? Type { get; init; }

    /// <summary>Restarts allowed within the window, 0 to 1000.</summary>
    public int? Limit { get; init; }

    /// <summary>The window, 1 s to 24 h.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>Gives the options with the set ones put in place.</summary>
    /// <param name="below">What stands where nothing is set here.</param>
    public RestartOptions Over(RestartOptions below)
    {
        ArgumentNullException.ThrowIfNull(below);
        return new() { Type = Type ?? below.Type, Limit = Limit ?? below.Limit, Window = Window ?? below.Window };
    }
}

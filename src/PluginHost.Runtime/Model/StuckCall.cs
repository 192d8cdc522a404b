namespace PluginHost.Runtime.Model;

/// <summary>A call that holds a thread of the application inside an in-process plugin for longer than its time: the thread is lost until it returns. Immutable.</summary>
public sealed record StuckCall
{
    /// <summary>The operating system's thread id.</summary>
    public required int ThreadId { get; init; }

    /// <summary>The plugin's method, by its wire name.</summary>
    public required string Method { get; init; }

    /// <summary>The generation that it is in.</summary>
    public required int Generation { get; init; }

    /// <summary>Since when it was seen there; it went in a look earlier at most.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>What the kernel said of the thread when the call was found: its name, state and processor time, and what it waits for; null where it says nothing.</summary>
    public string? Doing { get; init; }
}

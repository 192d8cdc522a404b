namespace PluginHost.Telemetry.Recording;

/// <summary>What a host process was doing when it died. Immutable.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="Threads">The threads that were inside a plugin; empty where none was.</param>
public sealed record DeadProcess(int Pid, IReadOnlyList<DeadThread> Threads)
{
    /// <summary>When it started, in the kernel's ticks since boot: with <see cref="Pid"/> it names the process.</summary>
    public long StartTime { get; init; }

    /// <summary>
    /// The methods with calls that were waiting for something, and how many each: what such a call does when it goes on is on no thread's record. In no order.
    /// </summary>
    public IReadOnlyList<SuspendedCalls> Suspended { get; init; } = [];

    /// <summary>How it ended, where it could still write that down; null for every end that leaves no time: signals, stack overflow, FailFast.</summary>
    public DeadEnd? End { get; init; }
}

/// <summary>How a process ended that could write it down.</summary>
public enum HostEnd
{
    /// <summary>An exception that nobody handled.</summary>
    Exception = 1,

    /// <summary>An exit that somebody asked for, or the end of its main method.</summary>
    Exit = 2,
}

/// <summary>What a process wrote down of its end. Immutable.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="ThreadIds">The thread that threw; or those inside of plugins that can have asked for the exit: they waited then.</param>
/// <param name="Culprit">The plugin whose code threw on a thread of its own; null where none did.</param>
public sealed record DeadEnd(HostEnd Kind, IReadOnlyList<int> ThreadIds, DeadCall? Culprit);

/// <summary>Calls of one method that were waiting when their process died. Immutable.</summary>
/// <param name="Call">The method.</param>
/// <param name="Count">How many.</param>
public sealed record SuspendedCalls(DeadCall Call, long Count);

/// <summary>A thread that was inside a plugin when its process died. Immutable.</summary>
/// <param name="ThreadId">The operating system's thread id.</param>
/// <param name="Inside">The methods on its stack, in no order.</param>
/// <param name="Innermost">The one that was entered last, or null where the thread had entered and left another one since.</param>
public sealed record DeadThread(int ThreadId, IReadOnlyList<DeadCall> Inside, DeadCall? Innermost);

/// <summary>A method of a plugin. Immutable.</summary>
/// <param name="PluginId">The plugin's id, at most 200 bytes of it.</param>
/// <param name="Method">The method's wire name, at most 255 bytes of it.</param>
/// <param name="Generation">The plugin's generation.</param>
public sealed record DeadCall(string PluginId, string Method, int Generation);

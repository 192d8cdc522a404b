using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.Tiers;

/// <summary>What of a plugin's own ran when an exception left it, with no call of the application's under it.</summary>
internal enum ForeignPlace
{
    /// <summary>A thread that the plugin started.</summary>
    OwnThread,

    /// <summary>A timer's callback.</summary>
    Timer,

    /// <summary>A work item of the thread pool.</summary>
    PoolItem,

    /// <summary>An <c>async void</c> method, after its first await.</summary>
    AsyncVoid,

    /// <summary>A finalizer.</summary>
    Finalizer,

    /// <summary>A task that failed and that nobody awaited: no thread was lost.</summary>
    UnobservedTask,
}

/// <summary>An exception that came out of a plugin where no call could take it. Plain data: the exception itself would keep the plugin in memory.</summary>
/// <param name="Place">What of the plugin's ran.</param>
/// <param name="Thread">The thread's name, or what is known of it.</param>
/// <param name="ThreadId">The operating system's thread id.</param>
/// <param name="Method">The plugin's method that it came out of first, with its type.</param>
/// <param name="Type">The exception's type.</param>
/// <param name="Message">Its message, or why that is not known.</param>
/// <param name="Stack">Its stack and those of its causes; null where there is none.</param>
internal sealed record ForeignFault(ForeignPlace Place, string Thread, int ThreadId, string Method, string Type, string Message, string? Stack)
{
    /// <summary>How it is recorded: what ended a thread's work is an unhandled exception, a task's is an exception like any other.</summary>
    public FaultKind Kind => Place == ForeignPlace.UnobservedTask ? FaultKind.Exception : FaultKind.UnhandledException;

    /// <summary>The place in words, to go on after "an exception left".</summary>
    public string Words => Place switch
    {
        ForeignPlace.OwnThread => "a thread of its own",
        ForeignPlace.Timer => "a timer of its own",
        ForeignPlace.PoolItem => "its work item on the thread pool",
        ForeignPlace.AsyncVoid => "an async void method of its own",
        ForeignPlace.Finalizer => "a finalizer of its own",
        _ => "a task of its own that nobody awaited",
    };
}

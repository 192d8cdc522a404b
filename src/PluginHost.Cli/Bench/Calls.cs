using Bench.Contracts;

namespace PluginHost.Cli.Bench;

/// <summary>A call that blocks its caller.</summary>
internal interface ISyncCall
{
    /// <summary>Makes one call.</summary>
    static abstract int Call(IBench bench, int number, CancellationToken token);
}

/// <summary>A call that gives a task.</summary>
internal interface IAsyncCall
{
    /// <summary>Makes one call.</summary>
    static abstract ValueTask<int> CallAsync(IBench bench, int number, CancellationToken token);
}

/// <summary>Synchronous, without a token.</summary>
/// <typeparam name="TSite">Keeps what the JIT learns of one kind of target apart from the others: a shared call site would never be devirtualised.</typeparam>
internal readonly struct Add<TSite> : ISyncCall
    where TSite : struct
{
    /// <inheritdoc/>
    public static int Call(IBench bench, int number, CancellationToken token) => bench.Add(number, 1);
}

/// <summary>Synchronous, with a token.</summary>
/// <typeparam name="TSite">Keeps what the JIT learns of one kind of target apart from the others: a shared call site would never be devirtualised.</typeparam>
internal readonly struct AddCancellable<TSite> : ISyncCall
    where TSite : struct
{
    /// <inheritdoc/>
    public static int Call(IBench bench, int number, CancellationToken token) => bench.AddCancellable(number, 1, token);
}

/// <summary>A task that has its result at once, without a token.</summary>
/// <typeparam name="TSite">Keeps what the JIT learns of one kind of target apart from the others: a shared call site would never be devirtualised.</typeparam>
internal readonly struct AddCompleted<TSite> : IAsyncCall
    where TSite : struct
{
    /// <inheritdoc/>
    public static ValueTask<int> CallAsync(IBench bench, int number, CancellationToken token) => bench.AddCompletedAsync(number, 1);
}

/// <summary>A task that has its result at once, with a token.</summary>
/// <typeparam name="TSite">Keeps what the JIT learns of one kind of target apart from the others: a shared call site would never be devirtualised.</typeparam>
internal readonly struct AddCompletedCancellable<TSite> : IAsyncCall
    where TSite : struct
{
    /// <inheritdoc/>
    public static ValueTask<int> CallAsync(IBench bench, int number, CancellationToken token) => bench.AddCompletedCancellableAsync(number, 1, token);
}

/// <summary>A task whose implementation suspends once, with a token.</summary>
/// <typeparam name="TSite">Keeps what the JIT learns of one kind of target apart from the others: a shared call site would never be devirtualised.</typeparam>
internal readonly struct AddAwaiting<TSite> : IAsyncCall
    where TSite : struct
{
    /// <inheritdoc/>
    public static ValueTask<int> CallAsync(IBench bench, int number, CancellationToken token) => bench.AddAwaitingAsync(number, 1, token);
}

/// <summary>Compiles a loop for calls of the raw object, so that what the JIT learns there stays apart from the other loops.</summary>
internal readonly struct RawSite;

/// <summary>The same for the raw object that is loaded for good.</summary>
internal readonly struct PinnedRawSite;

/// <summary>Compiles a loop for calls of the guard with an in-process plugin.</summary>
internal readonly struct GuardedSite;

/// <summary>The same with a plugin that is loaded for good.</summary>
internal readonly struct PinnedSite;

/// <summary>Compiles a loop for calls of a child process.</summary>
internal readonly struct RemoteSite;

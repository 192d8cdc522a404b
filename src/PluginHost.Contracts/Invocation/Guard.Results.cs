using System.Runtime.CompilerServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>
/// The part that ends calls which give value tasks. One that carries its result itself refers to nothing of the plugin, so it goes to the caller as it
/// came: taking it apart and building another costs more than all the rest of a guard, since the processor has to wait for the pieces to meet in memory.
/// </summary>
public abstract partial class Guard
{
    /// <summary>True where a value task carries its result itself and refers to no object of the plugin. False also where that cannot be told.</summary>
    /// <param name="pending">What the plugin gave.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static bool IsImmediate<T>(ref ValueTask<T> pending) =>
        ImmediateResult<T>.CanBeTold && Unsafe.As<ValueTask<T>, object?>(ref pending) is null;

    /// <summary>As <see cref="IsImmediate{T}"/>, for a method without result.</summary>
    /// <param name="pending">What the plugin gave.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static bool IsImmediate(ref ValueTask pending) =>
        ImmediateResult.CanBeTold && Unsafe.As<ValueTask, object?>(ref pending) is null;

    /// <summary>Counts a call out whose plugin threw, and gives the task that the caller gets. Pair with <see cref="Settle{T}(ValueTask{T}, CallEntry, int, bool)"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected ValueTask<T> Faulted<T>(CallEntry entry, int method, Exception thrown, CancellationToken callerToken) =>
        ValueTask.FromException<T>(Caught(entry, method, thrown, callerToken));

    /// <summary>As <see cref="Faulted{T}"/>, for a method without result.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected ValueTask Faulted(CallEntry entry, int method, Exception thrown, CancellationToken callerToken) =>
        ValueTask.FromException(Caught(entry, method, thrown, callerToken));

    /// <summary>Ends a call without a token that did not carry its result itself: by the result of its task, by the wait for it, or because it was caught.</summary>
    /// <param name="pending">What the plugin gave, or the task from <see cref="Faulted{T}"/>.</param>
    /// <param name="entry">The call.</param>
    /// <param name="method">The method's index.</param>
    /// <param name="isCaught">True where the plugin threw: the call is counted out by now.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected ValueTask<T> Settle<T>(ValueTask<T> pending, CallEntry entry, int method, bool isCaught) =>
        Settle(pending, entry, method, isCaught, default, CancellationToken.None);

    /// <summary>As <see cref="Settle{T}(ValueTask{T}, CallEntry, int, bool)"/>, for a method without result.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected ValueTask Settle(ValueTask pending, CallEntry entry, int method, bool isCaught) =>
        Settle(pending, entry, method, isCaught, default, CancellationToken.None);

    /// <summary>As <see cref="Settle{T}(ValueTask{T}, CallEntry, int, bool)"/>, for a call with a token.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected ValueTask<T> Settle<T>(ValueTask<T> pending, CallEntry entry, int method, bool isCaught, CallToken token, CancellationToken callerToken)
    {
        if (isCaught)
        {
            token.Return();
            return pending;
        }

        try
        {
            if (pending.IsCompletedSuccessfully)
            {
                T result = pending.Result;
                token.Return();
                Leave(entry);
                return new ValueTask<T>(result);
            }
        }
        catch (Exception thrown)
        {
            // The task's own source is the plugin's: it may throw where a task would not.
            token.Return();
            return Faulted<T>(entry, method, thrown, callerToken);
        }

        Suspend(entry, method);
        return Awaited(pending, method, 0, token, callerToken);
    }

    /// <summary>As <see cref="Settle{T}(ValueTask{T}, CallEntry, int, bool)"/>, for a call with a token of a method without result.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected ValueTask Settle(ValueTask pending, CallEntry entry, int method, bool isCaught, CallToken token, CancellationToken callerToken)
    {
        if (isCaught)
        {
            token.Return();
            return pending;
        }

        try
        {
            if (pending.IsCompletedSuccessfully)
            {
                pending.GetAwaiter().GetResult();
                token.Return();
                Leave(entry);
                return default;
            }
        }
        catch (Exception thrown)
        {
            token.Return();
            return Faulted(entry, method, thrown, callerToken);
        }

        Suspend(entry, method);
        return Awaited(pending, method, 0, token, callerToken);
    }

    /// <summary>Whether a value task's first word is the object behind it, tried once with one that has an object.</summary>
    private static class ImmediateResult<T>
    {
        internal static readonly bool CanBeTold = Try();

        private static bool Try()
        {
            Task<T> task = Task.FromResult<T>(default!);
            ValueTask<T> behind = new(task);
            return ReferenceEquals(Unsafe.As<ValueTask<T>, object?>(ref behind), task);
        }
    }

    private static class ImmediateResult
    {
        internal static readonly bool CanBeTold = Try();

        private static bool Try()
        {
            ValueTask behind = new(Task.CompletedTask);
            return ReferenceEquals(Unsafe.As<ValueTask, object?>(ref behind), Task.CompletedTask);
        }
    }
}

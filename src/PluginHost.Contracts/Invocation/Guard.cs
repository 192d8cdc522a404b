using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>The counters of a call that is inside a plugin. Opaque to generated code.</summary>
public readonly unsafe struct CallEntry
{
    internal CallEntry(long* slot) => Slot = slot;

    internal readonly long* Slot;
}

/// <summary>What is remembered of a sampled call: when it began and the caller's ambient state.</summary>
public readonly struct CallSample
{
    internal CallSample(long started, ExecutionContext? context, SynchronizationContext? synchronization)
    {
        Started = started;
        Context = context;
        Synchronization = synchronization;
    }

    internal readonly long Started;
    internal readonly ExecutionContext? Context;
    internal readonly SynchronizationContext? Synchronization;
}

/// <summary>
/// What the application holds of a plugin, whatever its tier: the base of every generated guard. It counts calls in the thread's block, catches
/// every fault, measures one call in 1,024, and can be cut from the plugin at any moment. Thread-safe.
/// </summary>
/// <remarks>
/// The order that makes cutting safe without a fence on the call path: a call counts itself in, then reads the target; the engine clears the
/// target, runs <see cref="Interlocked.MemoryBarrierProcessWide"/>, then waits until as many calls left as entered.
/// </remarks>
public abstract partial class Guard
{
    private const int SampleEvery = 1024;
    private readonly nint _slots;
    private readonly int _firstSlot;
    private int _sampleMask;

    private protected Guard(GuardSite site)
    {
        ArgumentNullException.ThrowIfNull(site);
        Site = site;
        _firstSlot = site.FirstSlot;
        _sampleMask = site.FollowsEveryCall ? 0 : SampleEvery - 1;
        _slots = ThreadBlocks.HeaderBytes + (_firstSlot * ThreadBlocks.SlotBytes);
    }

    /// <summary>The engine's side.</summary>
    protected GuardSite Site { get; }

    /// <summary>The first of the contract's slots in <see cref="ThreadBlocks"/>, one a method in index order.</summary>
    public int FirstSlot => _firstSlot;

    /// <summary>The contract.</summary>
    public abstract ContractDescriptor Contract { get; }

    /// <summary>The in-process implementation, or null while calls go elsewhere. Set by the engine only.</summary>
    /// <exception cref="InvalidCastException">The object does not implement the contract.</exception>
    public abstract object? Target { get; set; }

    /// <summary>Counts a call in and marks the thread. Pair with <see cref="Leave"/>, <see cref="Suspend"/> or <see cref="Undo"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected unsafe CallEntry Enter(int method)
    {
        byte* block = CurrentBlock.Address;
        long* slot = (long*)(block + _slots) + (method * 2);
        ((long**)block)[ThreadBlocks.LastEnteredIndex] = slot;
        slot[0]++;
        return new CallEntry(slot);
    }

    /// <summary>True for one call in 1,024, and for every call of a plugin that once changed its caller's ambient state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected unsafe bool IsSampled(CallEntry entry) => ((int)entry.Slot[0] & _sampleMask) == 0;

    /// <summary>Counts a call out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static unsafe void Leave(CallEntry entry) => entry.Slot[1]++;

    /// <summary>Takes a call that has suspended from its thread; it stays in flight until <see cref="Awaited{T}"/> ends.</summary>
    protected unsafe void Suspend(CallEntry entry, int method)
    {
        ThreadBlocks.AddSuspended(_firstSlot + method, 1);
        entry.Slot[1]++;
    }

    /// <summary>Takes a call back that never reached an in-process target.</summary>
    protected static unsafe void Undo(CallEntry entry) => entry.Slot[0]--;

    /// <summary>Begins a sampled call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected CallSample BeginSample()
    {
        CallSample sample = new(Stopwatch.GetTimestamp(), ExecutionContext.Capture(), SynchronizationContext.Current);
        Site.Entering();
        return sample;
    }

    /// <summary>
    /// Ends the synchronous part of a sampled call: restores the caller's ambient state where the plugin changed it, and from then on for every call.
    /// </summary>
    /// <param name="method">The method's index.</param>
    /// <param name="sample">From <see cref="BeginSample"/>.</param>
    /// <param name="isComplete">True where the call has its result now and its time counts.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected void EndSample(int method, in CallSample sample, bool isComplete)
    {
        long elapsed = Stopwatch.GetTimestamp() - sample.Started;
        RestoreAmbientState(method, in sample);
        if (sample.Context is null)
        {
            // The caller lets its state not flow, so there was nothing to restore it from.
            Site.Left();
        }

        if (isComplete)
        {
            Site.Sample(Contract.Methods[method], elapsed);
        }
    }

    /// <summary>Counts a call out whose plugin threw, and gives what the caller gets.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected Exception Caught(CallEntry entry, int method, Exception thrown, CancellationToken callerToken)
    {
        if (thrown is ReleasedArgumentException released)
        {
            // The caller's own mistake: the plugin was not called.
            Undo(entry);
            return released.Disposed;
        }

        Leave(entry);
        return Site.Caught(Contract.Methods[method], thrown, Declared(method, thrown), callerToken);
    }

    /// <summary>Rebuilds a declared error as a host-owned object, or returns null. Written by the generator.</summary>
    protected abstract Exception? RebuildError(int method, Exception thrown);

    private Exception? Declared(int method, Exception thrown)
    {
        try
        {
            return RebuildError(method, thrown);
        }
        catch (Exception)
        {
            // The exception's own members threw: code of the plugin. It is then no declared error but a fault, which the site describes safely.
            return null;
        }
    }

    /// <summary>Waits for a suspended call's result on the application's side, within its time, letting go when the plugin is cut.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    protected async ValueTask<T> Awaited<T>(ValueTask<T> pending, int method, long started, CallToken token, CancellationToken callerToken)
    {
        Task<T> task = pending.AsTask();
        await SettleAsync(task, method, started, token, callerToken).ConfigureAwait(false);
        return task.Result;
    }

    /// <summary>Waits for a suspended call's end on the application's side, within its time, letting go when the plugin is cut.</summary>
    protected ValueTask Awaited(ValueTask pending, int method, long started, CallToken token, CancellationToken callerToken) =>
        SettleAsync(pending.AsTask(), method, started, token, callerToken);

    /// <summary>A task's start for <see cref="Awaited{T}"/>: a sampled call's own, or 0.</summary>
    protected static long StartOf(in CallSample sample) => sample.Started;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SettleAsync(Task task, int method, long started, CallToken token, CancellationToken callerToken)
    {
        ContractMethod called = Contract.Methods[method];
        TimeSpan timeout = Site.TimeoutOf(called);
        try
        {
            await task.WaitAsync(timeout, Site.Clock, Site.Revoked).ConfigureAwait(false);
            LeaveLater(method);
            token.Return();
        }
        catch (Exception) when (!task.IsCompleted)
        {
            // Not the plugin's own end: the time is up, or the plugin is being cut. It is asked to stop, and counts as inside until it does.
            bool cut = Site.Revoked.IsCancellationRequested;
            token.Cancel();
            LeaveWhenDone(task, method, token);
            throw cut ? Site.Cut(called) : Site.TimedOut(called, timeout);
        }
        catch (Exception thrown)
        {
            LeaveLater(method);
            token.Return();
            throw Site.Caught(called, thrown, Declared(method, thrown), callerToken);
        }

        if (started != 0)
        {
            Site.Sample(called, Stopwatch.GetTimestamp() - started);
        }
    }

    private void LeaveWhenDone(Task task, int method, CallToken token) =>
        task.ContinueWith(
            ended =>
            {
                // Observed here: nobody else awaits a call that was given up.
                _ = ended.Exception;
                LeaveLater(method);
                token.Return();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

    private void LeaveLater(int method) => ThreadBlocks.AddSuspended(_firstSlot + method, -1);

    private void RestoreAmbientState(int method, in CallSample sample)
    {
        ExecutionContext? now = ExecutionContext.Capture();
        bool contextChanged = now != sample.Context && sample.Context is not null;
        bool synchronizationChanged = SynchronizationContext.Current != sample.Synchronization;
        if (!contextChanged && !synchronizationChanged)
        {
            return;
        }

        if (contextChanged)
        {
            ExecutionContext.Restore(sample.Context!);
        }

        SynchronizationContext.SetSynchronizationContext(sample.Synchronization);
        if (_sampleMask != 0)
        {
            _sampleMask = 0;
            Site.AmbientStateLeaked(Contract.Methods[method]);
        }
    }
}

/// <summary>A guard of one contract.</summary>
/// <typeparam name="TContract">The contract's interface.</typeparam>
public abstract partial class Guard<TContract> : Guard
    where TContract : class
{
    private TContract? _target;

    /// <summary>Creates a guard without a target.</summary>
    protected Guard(GuardSite site)
        : base(site)
    {
    }

    /// <summary>The in-process implementation, or null. Read after <see cref="Guard.Enter"/>.</summary>
    protected TContract? Inside
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Volatile.Read(ref _target);
    }

    /// <inheritdoc/>
    public sealed override object? Target
    {
        get => _target;
        set => Volatile.Write(ref _target, (TContract?)value);
    }

    /// <summary>Where a synchronous call goes while there is no in-process target.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected TContract Elsewhere(CallEntry entry, int method)
    {
        Undo(entry);
        ThrowIfReleased(method);
        return (TContract)Site.Route(Contract.Methods[method]);
    }

    /// <summary>Where an asynchronous call goes while there is no in-process target. Await it, then call.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected ValueTask<object> ElsewhereAsync(CallEntry entry, int method, CancellationToken cancellationToken)
    {
        Undo(entry);
        ThrowIfReleased(method);
        return Site.RouteAsync(Contract.Methods[method], cancellationToken);
    }
}

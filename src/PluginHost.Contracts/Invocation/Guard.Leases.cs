using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>The part for what outlives a call or calls back: progress, sequences, objects of contracts. None of it is on a plain call's way.</summary>
public abstract partial class Guard
{
    /// <summary>The engine's side, for leases.</summary>
    internal GuardSite GuardSite => Site;

    /// <summary>What this guards where it is an object that was handed over; null for a plugin's own guard.</summary>
    internal ObjectLease? Lease { get; set; }

    /// <summary>Begins the arguments of one call that end with it.</summary>
    protected LentArguments Lend() => new(this);

    /// <summary>An object of a contract that the callee may call until it lets go of it.</summary>
    /// <param name="target">The caller's object, or null. One that came from the callee goes back as itself.</param>
    /// <param name="contract">The object's contract.</param>
    [return: NotNullIfNotNull(nameof(target))]
    protected TObject? LendObject<TObject>(TObject? target, ContractDescriptor contract)
        where TObject : class =>
        ObjectLease.Hand(Site.Arguments, Site.Results, target, contract, register: true, out _);

    /// <summary>A result's object of a contract, guarded as a lease.</summary>
    /// <param name="target">The callee's object, or null. One that came from the caller goes back as itself.</param>
    /// <param name="contract">The object's contract.</param>
    [return: NotNullIfNotNull(nameof(target))]
    protected TObject? LeaseObject<TObject>(TObject? target, ContractDescriptor contract)
        where TObject : class =>
        ObjectLease.Hand(Site.Results, Site.Arguments, target, contract, register: true, out _);

    /// <summary>A result's sequence, guarded as a lease.</summary>
    /// <param name="method">The method's index.</param>
    /// <param name="sequence">The callee's sequence, or null.</param>
    /// <param name="token">The call's token, from <see cref="CallToken.RentLease"/>, or none.</param>
    /// <param name="detach">Copies what an item may hide behind; null where nothing can.</param>
    /// <param name="callerToken">The caller's token.</param>
    [return: NotNullIfNotNull(nameof(sequence))]
    protected IAsyncEnumerable<T>? LeaseSequence<T>(
        int method, IAsyncEnumerable<T>? sequence, CallToken token, Func<T, T>? detach, CancellationToken callerToken)
    {
        if (sequence is null)
        {
            token.Drop();
            return null;
        }

        ResultOwner owner = new(this, method);
        SequenceLease<T> lease = new(owner, sequence, token.Lease ?? new LeaseTokenSource(), detach, callerToken);
        owner.Add(lease);
        return lease;
    }

    /// <summary>A result's stream, guarded as a lease: read forward, once.</summary>
    /// <param name="method">The method's index.</param>
    /// <param name="stream">The callee's stream, or null.</param>
    /// <param name="token">The call's token, from <see cref="CallToken.RentLease"/>, or none.</param>
    /// <param name="callerToken">The caller's token.</param>
    [return: NotNullIfNotNull(nameof(stream))]
    protected Stream? LeaseStream(int method, Stream? stream, CallToken token, CancellationToken callerToken) =>
        LeaseSequence(method, stream is null ? null : new StreamSequence(stream), token, null, callerToken) is { } chunks
            ? new SequenceStream(chunks)
            : null;

    /// <summary>Ends the synchronous part of a call that is never sampled: its result, or the wait for it.</summary>
    protected ValueTask<T> Settled<T>(ValueTask<T> pending, CallEntry entry, int method, CallToken token, CancellationToken callerToken)
    {
        if (pending.IsCompletedSuccessfully)
        {
            token.Return();
            Leave(entry);
            return pending;
        }

        Suspend(entry, method);
        return Awaited(pending, method, 0, token, callerToken);
    }

    /// <summary>As <see cref="Settled{T}"/>, for a method without result.</summary>
    protected ValueTask Settled(ValueTask pending, CallEntry entry, int method, CallToken token, CancellationToken callerToken)
    {
        if (pending.IsCompletedSuccessfully)
        {
            token.Return();
            Leave(entry);
            return pending;
        }

        Suspend(entry, method);
        return Awaited(pending, method, 0, token, callerToken);
    }

    /// <summary>Lets go of the object behind this guard, where it is one that was handed over; a plugin itself stays. Never throws.</summary>
    protected void Release() => _ = Lease?.ReleaseAsync();

    /// <summary>As <see cref="Release"/>; ends when the object's own disposal has ended.</summary>
    protected ValueTask ReleaseAsync() => Lease is { } lease ? new ValueTask(lease.ReleaseAsync()) : default;

    /// <summary>An object that its holder let go of is no more reason to ask the engine.</summary>
    private protected void ThrowIfReleased(int method)
    {
        if (Lease is { IsReleased: true })
        {
            throw ObjectLease.LetGo(Contract, $"{Contract.Methods[method]} was called on");
        }
    }

    internal CallEntry EnterStep(int method) => Enter(method);

    internal static void UndoStep(CallEntry entry) => Undo(entry);

    internal Exception CaughtInStep(int method, Exception thrown, CancellationToken callerToken) =>
        Site.CaughtInStep(Contract.Methods[method], thrown, Declared(method, thrown), callerToken);
}

/// <summary>The part for methods that give a sequence directly.</summary>
public abstract partial class Guard<TContract>
{
    /// <summary>A method's sequence: the method is called each time an enumeration begins.</summary>
    /// <param name="method">The method's index.</param>
    /// <param name="inside">Calls the in-process implementation.</param>
    /// <param name="elsewhere">Calls a proxy.</param>
    /// <param name="detach">Copies what an item may hide behind; null where nothing can.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    protected async IAsyncEnumerable<T> Sequence<T>(
        int method,
        Func<TContract, CancellationToken, IAsyncEnumerable<T>> inside,
        Func<TContract, CancellationToken, IAsyncEnumerable<T>> elsewhere,
        Func<T, T>? detach,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerable<T> sequence = TryOpen(method, inside, detach, cancellationToken)
            ?? elsewhere((TContract)await Site.RouteAsync(Contract.Methods[method], cancellationToken).ConfigureAwait(false), cancellationToken);
        await foreach (T item in sequence.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return item;
        }
    }

    private IAsyncEnumerable<T>? TryOpen<T>(
        int method, Func<TContract, CancellationToken, IAsyncEnumerable<T>> open, Func<T, T>? detach, CancellationToken callerToken)
    {
        CallEntry entry = Enter(method);
        if (Inside is not { } inside)
        {
            Undo(entry);
            ThrowIfReleased(method);
            return null;
        }

        CallToken token = CallToken.RentLease(callerToken);
        CallSample sample = BeginSample();
        try
        {
            IAsyncEnumerable<T> sequence = open(inside, token.Token)
                ?? throw new InvalidOperationException($"{Contract.Methods[method].WireName} returned null in place of a sequence.");
            EndSample(method, in sample, isComplete: false);
            sequence = LeaseSequence(method, sequence, token, detach, callerToken);
            Leave(entry);
            return sequence;
        }
        catch (Exception thrown)
        {
            EndSample(method, in sample, isComplete: false);
            token.Drop();
            throw Caught(entry, method, thrown, callerToken);
        }
    }
}

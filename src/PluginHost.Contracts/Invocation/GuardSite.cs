namespace PluginHost.Contracts.Invocation;

/// <summary>
/// The engine's side of a guard: everything that is not on the fast path. One a plugin and contract. Implemented by the engine; thread-safe.
/// </summary>
public abstract class GuardSite
{
    /// <summary>The first of the contract's slots, one a method in index order; from <see cref="ThreadBlocks.Reserve"/>.</summary>
    public abstract int FirstSlot { get; }

    /// <summary>True where <see cref="Entering"/> is to be called for every call, and not for sampled ones only. Read once. Default false.</summary>
    public virtual bool FollowsEveryCall => false;

    /// <summary>The clock for time-outs.</summary>
    public abstract TimeProvider Clock { get; }

    /// <summary>How long a call of this method may take once it has suspended; <see cref="Timeout.InfiniteTimeSpan"/> for no bound.</summary>
    public abstract TimeSpan TimeoutOf(ContractMethod method);

    /// <summary>Cancelled when calls that are still suspended must let go of the plugin. A new one each load.</summary>
    public abstract CancellationToken Revoked { get; }

    /// <summary>
    /// Records what a plugin's code threw and says what the caller gets instead. Never returns <paramref name="thrown"/>: that would root the plugin.
    /// </summary>
    /// <param name="method">The method.</param>
    /// <param name="thrown">What came out of the plugin.</param>
    /// <param name="declared">The declared error rebuilt as a host-owned object, or null.</param>
    /// <param name="callerToken">The caller's token.</param>
    public abstract Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken);

    /// <summary>Records that a call ran over its time and gives the exception for the caller.</summary>
    public abstract Exception TimedOut(ContractMethod method, TimeSpan timeout);

    /// <summary>Gives the exception for a caller whose plugin was unloaded under its suspended call.</summary>
    public abstract Exception Cut(ContractMethod method);

    /// <summary>As <see cref="Caught"/>, for a step of a sequence: part of the call that gave it, and no call of its own. Records as that does by default.</summary>
    public virtual Exception CaughtInStep(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken) =>
        Caught(method, thrown, declared, callerToken);

    /// <summary>As <see cref="TimedOut"/>, for a step of a sequence.</summary>
    public virtual Exception StepTimedOut(ContractMethod method, TimeSpan timeout) => TimedOut(method, timeout);

    /// <summary>As <see cref="Cut"/>, for a sequence.</summary>
    public virtual Exception SequenceCut(ContractMethod method) => Cut(method);

    /// <summary>
    /// Gives the exception for whoever goes on using a sequence or a stream that was an argument of a call that has ended. One that the engine
    /// overrides with the plugin's name; an <see cref="ObjectDisposedException"/> by default.
    /// </summary>
    /// <param name="contract">The contract of the method that took it.</param>
    public virtual Exception ArgumentEnded(ContractDescriptor contract) =>
        new ObjectDisposedException(contract.Name, $"The call of {contract.VersionedName} that this sequence was an argument of has ended.");

    /// <summary>Takes one measured call. Called for one call in 1,024.</summary>
    /// <param name="method">The method.</param>
    /// <param name="elapsed">From entry to result, in <see cref="System.Diagnostics.Stopwatch"/> ticks.</param>
    public abstract void Sample(ContractMethod method, long elapsed);

    /// <summary>
    /// Sets ambient state for a call that is sampled or followed, right before it goes in; the caller's state is restored when its synchronous part
    /// has ended. Must not throw. Does nothing by default.
    /// </summary>
    public virtual void Entering()
    {
    }

    /// <summary>Takes back what <see cref="Entering"/> set, where the caller's state could not be restored as a whole. Does nothing by default.</summary>
    public virtual void Left()
    {
    }

    /// <summary>Records that a plugin changed its caller's ambient state in a synchronous call; it was restored.</summary>
    public abstract void AmbientStateLeaked(ContractMethod method);

    /// <summary>
    /// Where a call goes while the guard has no in-process target: the proxy of the child process, or the guard itself once it has a target again.
    /// Waits while the plugin starts, within the call's deadline.
    /// </summary>
    /// <exception cref="Faults.PluginException">The plugin takes no calls; the exception says when to retry.</exception>
    public abstract object Route(ContractMethod method);

    /// <summary>As <see cref="Route"/>, without blocking.</summary>
    public abstract ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken);

    /// <summary>The leases on what the guarded object hands to its callers. A new table each load.</summary>
    public abstract LeaseTable Results { get; }

    /// <summary>The leases on what callers hand to the guarded object. A new table each load.</summary>
    public abstract LeaseTable Arguments { get; }
}

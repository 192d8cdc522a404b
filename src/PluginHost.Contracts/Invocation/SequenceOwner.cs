namespace PluginHost.Contracts.Invocation;

/// <summary>Whose code a leased sequence runs: how its steps are counted and bounded, and what its troubles are to the reader.</summary>
internal abstract class SequenceOwner
{
    /// <summary>The clock for time-outs.</summary>
    public abstract TimeProvider Clock { get; }

    /// <summary>How long a step may take.</summary>
    public abstract TimeSpan Timeout { get; }

    /// <summary>Marks the thread as inside the owner's code.</summary>
    public abstract CallEntry Enter();

    /// <summary>Takes the mark back.</summary>
    public abstract void Undo(CallEntry entry);

    /// <summary>Counts a step that has left its thread in or out.</summary>
    public abstract void CountSuspended(int change);

    /// <summary>What the reader gets for what the owner's code threw.</summary>
    public abstract Exception Caught(Exception thrown, CancellationToken reader);

    /// <summary>What the reader gets for a step over its time.</summary>
    public abstract Exception TimedOut();

    /// <summary>What the reader gets where the owner took the sequence back.</summary>
    public abstract Exception Cut();

    /// <summary>Hears what the owner's code threw while it was let go of.</summary>
    public abstract void ReleaseFaulted(Exception thrown);

    /// <summary>Forgets a sequence that is over.</summary>
    public abstract void Remove(Lease lease);
}

/// <summary>A sequence that a guarded method gave.</summary>
internal sealed class ResultOwner(Guard guard, int method) : SequenceOwner
{
    private readonly LeaseTable _table = guard.GuardSite.Results;

    /// <inheritdoc/>
    public override TimeProvider Clock => guard.GuardSite.Clock;

    /// <inheritdoc/>
    public override TimeSpan Timeout => guard.GuardSite.TimeoutOf(Method);

    private ContractMethod Method => guard.Contract.Methods[method];

    /// <inheritdoc/>
    public override CallEntry Enter()
    {
        // Not taken back here: the step runs in a flow of its own.
        guard.GuardSite.Entering();
        return guard.EnterStep(method);
    }

    /// <inheritdoc/>
    public override void Undo(CallEntry entry) => Guard.UndoStep(entry);

    /// <inheritdoc/>
    public override void CountSuspended(int change) => ThreadBlocks.AddSuspended(guard.FirstSlot + method, change);

    /// <inheritdoc/>
    public override Exception Caught(Exception thrown, CancellationToken reader) => guard.CaughtInStep(method, thrown, reader);

    /// <inheritdoc/>
    public override Exception TimedOut() => guard.GuardSite.StepTimedOut(Method, Timeout);

    /// <inheritdoc/>
    public override Exception Cut() => guard.GuardSite.SequenceCut(Method);

    /// <inheritdoc/>
    public override void ReleaseFaulted(Exception thrown) => _table.ReleaseFaulted(guard.Contract, thrown);

    /// <inheritdoc/>
    public override void Remove(Lease lease) => _table.Remove(lease);

    /// <summary>Remembers a sequence in the table of the generation that gave it.</summary>
    public void Add(Lease lease) => _table.Add(lease);
}

/// <summary>A sequence that a call took as an argument: the callee may read it until the call ends.</summary>
internal sealed class ArgumentOwner(Guard guard) : SequenceOwner
{
    /// <inheritdoc/>
    public override TimeProvider Clock => guard.GuardSite.Clock;

    /// <inheritdoc/>
    public override TimeSpan Timeout => System.Threading.Timeout.InfiniteTimeSpan;

    /// <inheritdoc/>
    public override CallEntry Enter() => default;

    /// <inheritdoc/>
    public override void Undo(CallEntry entry)
    {
        // Nothing was counted.
    }

    /// <inheritdoc/>
    public override void CountSuspended(int change)
    {
        // The caller's own code: nobody waits for it.
    }

    /// <inheritdoc/>
    public override Exception Caught(Exception thrown, CancellationToken reader) => thrown;

    /// <inheritdoc/>
    public override Exception TimedOut() => throw new InvalidOperationException("A step of an argument has no time-out.");

    /// <inheritdoc/>
    public override Exception Cut() => guard.GuardSite.ArgumentEnded(guard.Contract);

    /// <inheritdoc/>
    public override void ReleaseFaulted(Exception thrown) => guard.GuardSite.Arguments.ReleaseFaulted(guard.Contract, thrown);

    /// <inheritdoc/>
    public override void Remove(Lease lease)
    {
        // It lives in its call, not in a table.
    }
}

namespace PluginHost.Rpc.Connection;

/// <summary>Who reads a connection, and when: one thread at a time has the turn. Thread-safe but for what says otherwise.</summary>
/// <param name="intake">What is read from.</param>
/// <param name="end">Called once, on whichever thread found the end: closes the connection.</param>
internal abstract class Reading(Intake intake, Action<RpcCloseReason> end)
{
    /// <summary>What is read from. Only for who has the turn.</summary>
    protected Intake Intake { get; } = intake;

    /// <summary>Begins. Called once.</summary>
    public abstract void Start();

    /// <summary>Lets a caller that is about to block read its own answer; returns when it has it, or when somebody else reads for it.</summary>
    public virtual void ReadFor(PendingCall call)
    {
        // Where callers do not read, somebody always does.
    }

    /// <summary>Says that a call waits whose caller does not block, and so will not read.</summary>
    public virtual void Expect()
    {
        // Somebody always reads.
    }

    /// <summary>Ends it. By who has the turn, and nobody has it afterwards.</summary>
    protected void End(RpcCloseReason reason)
    {
        Intake.Dispose();
        end(reason);
    }
}

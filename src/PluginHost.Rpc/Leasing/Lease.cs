namespace PluginHost.Rpc.Leasing;

/// <summary>One thing that lives on under a number after the message that carried it: on its owner's side or on the other. Thread-safe.</summary>
internal abstract class Lease
{
    /// <summary>The call of which it was an argument has ended.</summary>
    /// <param name="hasFailed">The answer is an error, or there is none.</param>
    public abstract void CallEnded(bool hasFailed);

    /// <summary>Lets go of it: nobody will ever use it.</summary>
    public abstract void Drop();

    /// <summary>Takes it out of a message that was not sent and is written once more: what it stands for is used again.</summary>
    public virtual void Withdraw() => Drop();
}

/// <summary>The peer, or this side, asks for something under a number that is not in use any more.</summary>
internal sealed class LeaseGoneException() : Exception("This remote object no longer exists.");

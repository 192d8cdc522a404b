namespace PluginHost.Rpc.Connection;

/// <summary>
/// What calls that belong to a chain of calls carry: each side makes it a part of its ambient state while it runs a handler, and sends it on with
/// the calls that the handler makes. Calls without a chain come by here never. Thread-safe.
/// </summary>
public abstract class CallChain
{
    /// <summary>
    /// The chain that this flow belongs to, as the peer understands it: carried by calls to what the peer handed out and by steps of its sequences. Null
    /// for none, which is what it is by itself.
    /// </summary>
    public virtual string? Current => null;

    /// <summary>A handler is about to run on this thread for a call that carries a chain. What is thrown here is the call's failure.</summary>
    /// <param name="chain">What the caller sent; not to be trusted.</param>
    public abstract void Enter(string chain);

    /// <summary>The handler's synchronous part has ended. Called once for each <see cref="Enter"/> that did not throw.</summary>
    public abstract void Leave();
}

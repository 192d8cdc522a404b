using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>What leases need of the connection that they live on. Thread-safe; nothing here is called under a lock of the leases but a send.</summary>
internal abstract class LeaseChannel
{
    private int _heldSequences;

    /// <summary>The bounds.</summary>
    public abstract LeaseOptions Options { get; }

    /// <summary>The clock.</summary>
    public abstract TimeProvider Clock { get; }

    /// <summary>The codec of what this side begins.</summary>
    public abstract RpcCodec Codec { get; }

    /// <summary>The largest message in bytes.</summary>
    public abstract int MaxMessageBytes { get; }

    /// <summary>Carries calls to objects, and the steps of sequences.</summary>
    public abstract IInvoker Invoker { get; }

    /// <summary>The chain of calls that this flow belongs to, for calls to what the peer handed out; null for none.</summary>
    public abstract string? Chain { get; }

    /// <summary>How many sequences of the peer are held here: begun or not, and not at their end.</summary>
    public int HeldSequences => Volatile.Read(ref _heldSequences);

    /// <summary>Counts a sequence of the peer that is held here from now on, or no longer.</summary>
    public void CountHeldSequence(int change) => Interlocked.Add(ref _heldSequences, change);

    /// <summary>Sends a whole message without framing.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isNeeded">It may use the room that is kept for answers; else it is refused where the peer does not read.</param>
    /// <returns>False where it was refused.</returns>
    public abstract bool Send(ReadOnlySpan<byte> message, bool isNeeded);

    /// <summary>True where a call failed because the object or the sequence it went to is gone.</summary>
    public abstract bool IsGone(Exception exception);

    /// <summary>Logs that code of an application or a plugin failed where nobody waits for it.</summary>
    public abstract void Failed(string what, Exception exception);
}

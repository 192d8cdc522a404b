using System.Threading.Tasks.Sources;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// An outgoing call that waits for its answer. Whoever takes it out of the <see cref="PendingTable"/> completes it: the reader, a cancellation,
/// the sweep or the close.
/// </summary>
internal abstract class PendingCall : SequenceOrigin
{
    /// <summary>The id on the wire; set by the table.</summary>
    public long Id { get; set; }

    /// <summary>When the call's time ends, as a timestamp of the connection's clock; <see cref="long.MaxValue"/> for never.</summary>
    public long Deadline { get; set; }

    /// <summary>The caller's token.</summary>
    public CancellationToken Caller { get; protected set; }

    /// <summary>The time the call had.</summary>
    public TimeSpan Timeout { get; protected set; }

    /// <summary>True once the caller cancelled a call that waits for its answer all the same.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Where the request begins in all that was ever queued for sending, or -1 while it is not.</summary>
    public long FrameStart { get; set; }

    /// <summary>True where the caller blocks. Only for who took the call out of the table, before it is completed.</summary>
    public bool IsBlocking { get; protected set; }

    /// <summary>True once the call of a caller that blocks has ended. Only for that caller.</summary>
    public abstract bool IsDone { get; }

    /// <summary>True once another thread may write the request: such a call is not used again.</summary>
    public bool IsShared { get; set; }

    /// <summary>The method's name.</summary>
    public abstract string Method { get; }

    /// <summary>Writes the request.</summary>
    public abstract void Encode(OutputBuffer output, RpcCodec codec);

    /// <summary>Reads the answer into the caller's result. Called on the reader thread.</summary>
    /// <param name="frame">The message.</param>
    /// <param name="envelope">Its envelope.</param>
    /// <param name="codec">Its codec.</param>
    /// <param name="payloads">The large values it names, or null.</param>
    /// <param name="completions">Completes a caller that does not block, or null where each is a work item of its own.</param>
    /// <exception cref="MalformedMessageException">The answer names memory that cannot be; the call has ended.</exception>
    public abstract void Answer(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, InboundPayloads? payloads, Completions? completions);

    /// <summary>Completes the caller, who goes on inside this call. Once, behind <see cref="Answer"/>.</summary>
    public abstract void CompleteHere();

    /// <summary>Completes the caller, who goes on in a work item of its own. Once, behind <see cref="Answer"/>.</summary>
    public abstract void CompleteElsewhere();

    /// <summary>Ends the call with an exception.</summary>
    public abstract void Fail(Exception exception);

    /// <summary>Takes the answer, should it come after the call was given up.</summary>
    public abstract LateAnswer Late { get; }

    /// <summary>What a cancelled call ends with.</summary>
    public abstract OperationCanceledException Cancelled();
}

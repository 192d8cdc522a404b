using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Framing;

/// <summary>How messages are told apart on a stream.</summary>
internal abstract class FrameFormat
{
    /// <summary>Leaves room for the header; the message follows.</summary>
    public abstract void Begin(OutputBuffer output);

    /// <summary>Fills the header in.</summary>
    /// <param name="output">Holds the header's room and the message.</param>
    /// <param name="start">Where <see cref="Begin"/> was called.</param>
    public abstract void End(OutputBuffer output, int start);

    /// <summary>Finds the next frame's bounds, and takes no memory for what it announces.</summary>
    /// <param name="bytes">What came so far, from the frame's first byte.</param>
    /// <param name="maxMessageBytes">The largest message taken.</param>
    /// <param name="scanned">How many bytes were looked through before, for formats that search for a frame's end; 0 for a new frame.</param>
    /// <param name="bounds">The frame's parts. Where this returns false its header may be dropped: it holds nothing.</param>
    /// <returns>False where the bounds are not known yet.</returns>
    /// <exception cref="MalformedMessageException">The header is malformed, or announces too much.</exception>
    public abstract bool TryFind(ReadOnlySpan<byte> bytes, int maxMessageBytes, ref int scanned, out FrameBounds bounds);

    /// <summary>Says how far a frame has come whose bounds are not known yet, for a person.</summary>
    /// <param name="bytes">What came of it.</param>
    public virtual string Unfinished(ReadOnlySpan<byte> bytes) => $"{bytes.Length} bytes of its beginning";
}

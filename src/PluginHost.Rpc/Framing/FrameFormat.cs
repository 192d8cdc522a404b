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

    /// <summary>Reads a header, and takes no memory for what it announces.</summary>
    /// <param name="bytes">What came so far, from the header's first byte.</param>
    /// <param name="maxMessageBytes">The largest message taken.</param>
    /// <param name="headerBytes">The header's length.</param>
    /// <param name="bodyBytes">The message's length.</param>
    /// <returns>False where the header has not come wholly.</returns>
    /// <exception cref="MalformedMessageException">The header is malformed, or announces too much.</exception>
    public abstract bool TryReadHeader(ReadOnlySpan<byte> bytes, int maxMessageBytes, out int headerBytes, out int bodyBytes);
}

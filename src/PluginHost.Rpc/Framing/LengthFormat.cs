using System.Buffers.Binary;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Framing;

/// <summary>A big-endian 32-bit length, then the message.</summary>
internal sealed class LengthFormat : FrameFormat
{
    private const int HeaderBytes = 4;

    /// <summary>What a header "Content-Length" looks like as a length.</summary>
    private const int LooksLikeHeaderFraming = 0x436F6E74;

    public static LengthFormat Instance { get; } = new();

    /// <inheritdoc/>
    public override void Begin(OutputBuffer output)
    {
        output.Free(HeaderBytes);
        output.Advance(HeaderBytes);
    }

    /// <inheritdoc/>
    public override void End(OutputBuffer output, int start) =>
        BinaryPrimitives.WriteInt32BigEndian(output.Written(start, HeaderBytes), output.Length - start - HeaderBytes);

    /// <inheritdoc/>
    public override bool TryFind(ReadOnlySpan<byte> bytes, int maxMessageBytes, ref int scanned, out FrameBounds bounds)
    {
        bounds = default;
        if (bytes.Length < HeaderBytes)
        {
            return false;
        }

        int bodyBytes = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (bodyBytes <= 0)
        {
            throw new MalformedMessageException(MessageFault.Protocol, $"A frame announces {bodyBytes} bytes; expected 1 to {maxMessageBytes}.");
        }

        if (bodyBytes == LooksLikeHeaderFraming)
        {
            throw new MalformedMessageException(
                MessageFault.Protocol, "The stream begins a frame with \"Cont\": the peer seems to speak header framing; expected a 4-byte length.");
        }

        if (bodyBytes > maxMessageBytes)
        {
            throw new MalformedMessageException(
                MessageFault.Limit, $"A frame announces {bodyBytes} bytes; the limit for a message is {maxMessageBytes}.")
            {
                Limit = MalformedMessageException.MessageSize,
            };
        }

        bounds = new FrameBounds(HeaderBytes, bodyBytes, 0);
        return true;
    }
}

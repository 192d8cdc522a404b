using System.Text;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>The <c>chain</c> member of a request: behind the arguments, a text.</summary>
internal static class ChainMember
{
    /// <summary>The longest chain that is taken, in bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    /// <summary>Adds the member to a request whose arguments are written.</summary>
    /// <param name="output">Where the request is written.</param>
    /// <param name="codec">Its codec.</param>
    /// <param name="start">Where it began in <paramref name="output"/>.</param>
    /// <param name="chain">The chain.</param>
    public static void Write(OutputBuffer output, RpcCodec codec, int start, string chain)
    {
        if (codec == RpcCodec.MessagePack)
        {
            // One member more in the message's map; it has room up to fifteen.
            output.Written(start, 1)[0]++;
            MessagePackValueWriter writer = new(output);
            writer.WriteName("chain"u8);
            writer.WriteString(chain);
            return;
        }

        output.Write(",\"chain\":"u8);
        JsonText.Write(output, Encoding.UTF8.GetBytes(chain));
    }

    /// <summary>Reads the member as the envelope found it; null where it is absent, or no text.</summary>
    public static string? Read(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec)
    {
        if (envelope.Chain.IsAbsent)
        {
            return null;
        }

        if (envelope.Chain.Length > MaxBytes)
        {
            throw new MalformedMessageException(MessageFault.Limit, $"The message's 'chain' has {envelope.Chain.Length} bytes; the limit is {MaxBytes}.");
        }

        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(envelope.Chain.Of(frame));
            return reader.ReadString();
        }

        JsonValueReader json = new(envelope.Chain.Of(frame));
        return json.ReadString();
    }
}

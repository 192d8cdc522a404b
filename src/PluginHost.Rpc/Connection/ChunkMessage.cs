using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>The notification that carries one part of a large value: <c>[transfer, length of the whole, bytes]</c>; length -1 gives it up.</summary>
internal static class ChunkMessage
{
    /// <summary>Its method.</summary>
    public static ReadOnlySpan<byte> Method => "$/pluginhost/chunk"u8;

    /// <summary>Writes one, always as MessagePack: text would be a third longer.</summary>
    public static void Write(OutputBuffer output, long transfer, long length, ReadOnlySpan<byte> bytes)
    {
        EnvelopeWriter.BeginNotification(output, RpcCodec.MessagePack, Method);
        MessagePackValueWriter writer = new(output);
        writer.BeginArray(3);
        writer.WriteInt64(transfer);
        writer.WriteInt64(length);
        writer.WriteBinary(bytes);
        writer.EndArray();
        EnvelopeWriter.End(output, RpcCodec.MessagePack);
    }

    /// <summary>Takes one that came in.</summary>
    /// <exception cref="MalformedMessageException">It is no such message, or more than may come.</exception>
    public static void Take(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, PayloadPort payloads)
    {
        if (codec != RpcCodec.MessagePack || envelope.Params.IsAbsent)
        {
            throw new MalformedMessageException(MessageFault.Protocol, "A chunk of a large value came as JSON or without bytes.");
        }

        try
        {
            MessagePackValueReader reader = new(envelope.Params.Of(frame));
            ValueScope scope = reader.BeginArray();
            reader.NextElement(ref scope);
            long transfer = reader.ReadInt64();
            reader.NextElement(ref scope);
            long length = reader.ReadInt64();
            reader.NextElement(ref scope);
            if (length == -1)
            {
                payloads.AbortTransfer(transfer);
            }
            else
            {
                payloads.TakeChunk(transfer, length, reader.ReadBytes());
            }
        }
        catch (ValueFormatException e)
        {
            throw new MalformedMessageException(MessageFault.Protocol, $"A chunk of a large value cannot be read: {e.Message}", e);
        }
    }
}

using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>Takes <c>$/cancelRequest</c>: arguments by name or by position, as a notification or as a request.</summary>
internal static class CancelRequest
{
    /// <summary>Cancels the call that is named, if it is known.</summary>
    public static void Take(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, InboundCalls inbound, FrameSender sender)
    {
        if (!envelope.Params.IsAbsent)
        {
            ReadOnlySpan<byte> arguments = envelope.Params.Of(frame);
            try
            {
                if (codec == RpcCodec.MessagePack)
                {
                    MessagePackValueReader reader = new(arguments);
                    Cancel(ref reader, inbound, codec);
                }
                else
                {
                    JsonValueReader reader = new(arguments);
                    Cancel(ref reader, inbound, codec);
                }
            }
            catch (ValueFormatException e) when (envelope.Kind == MessageKind.Request)
            {
                sender.SendError(codec, envelope.RawId.Of(frame), RpcErrorCodes.InvalidParams, e.Message, null);
                return;
            }
            catch (ValueFormatException)
            {
                // A notification is not answered, and one that names no id cancels nothing.
                return;
            }
        }

        if (envelope.Kind == MessageKind.Request)
        {
            sender.SendNull(codec, envelope.RawId.Of(frame));
        }
    }

    private static void Cancel<TReader>(ref TReader reader, InboundCalls inbound, RpcCodec codec)
        where TReader : struct, IValueReader, allows ref struct
    {
        if (reader.Peek() == ValueKind.Array)
        {
            ValueScope array = reader.BeginArray();
            if (reader.NextElement(ref array))
            {
                CancelId(ref reader, inbound, codec);
            }

            return;
        }

        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("id"u8))
            {
                CancelId(ref reader, inbound, codec);
                return;
            }

            reader.Skip();
        }
    }

    private static void CancelId<TReader>(ref TReader reader, InboundCalls inbound, RpcCodec codec)
        where TReader : struct, IValueReader, allows ref struct
    {
        if (reader.Peek() == ValueKind.Number)
        {
            inbound.Cancel(IdKind.Integer, reader.ReadInt64(), default);
            return;
        }

        // Other ids are compared as they were written; written again by the same codec they are the same bytes.
        string? text = reader.ReadString();
        if (text is { Length: <= Envelope.MaxIdBytes })
        {
            OutputBuffer written = new();
            if (codec == RpcCodec.MessagePack)
            {
                new MessagePackValueWriter(written).WriteString(text);
            }
            else
            {
                new JsonValueWriter(written).WriteString(text);
            }

            inbound.Cancel(IdKind.Raw, 0, written.WrittenSpan);
            written.Release();
        }
    }
}

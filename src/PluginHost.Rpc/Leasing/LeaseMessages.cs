using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>The notifications by which leases end, and the arguments of what is asked about them.</summary>
internal static class LeaseMessages
{
    /// <summary>Tells the owner of a sequence that nobody wants the rest.</summary>
    public static void SendAbort(LeaseChannel channel, long token)
    {
        OutputBuffer message = new();
        RpcCodec codec = channel.Codec;
        EnvelopeWriter.BeginNotification(message, codec, "$/enumerator/abort"u8);
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(message);
            writer.BeginArray(1);
            writer.WriteInt64(token);
            writer.EndArray();
        }
        else
        {
            JsonValueWriter writer = new(message);
            writer.BeginArray(1);
            writer.WriteInt64(token);
            writer.EndArray();
        }

        Send(channel, message, codec);
    }

    /// <summary>Tells the owner of an object that it is not held here any more.</summary>
    /// <param name="channel">Where the owner is.</param>
    /// <param name="handle">The object.</param>
    /// <param name="isDisposed">Its contract can be disposed, and it was.</param>
    public static void SendRelease(LeaseChannel channel, long handle, bool isDisposed)
    {
        RpcCodec codec = channel.Codec;
        if (isDisposed)
        {
            Span<byte> name = stackalloc byte[64];
            OutputBuffer dispose = new();
            EnvelopeWriter.BeginNotification(dispose, codec, name[..ObjectName.Write(name, handle, "Dispose"u8)]);
            dispose.Write(codec == RpcCodec.MessagePack ? [MessagePackCode.FixArray] : "[]"u8);
            Send(channel, dispose, codec);
        }

        OutputBuffer message = new();
        EnvelopeWriter.BeginNotification(message, codec, "$/releaseMarshaledObject"u8);
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(message);
            WriteRelease(ref writer, handle);
        }
        else
        {
            JsonValueWriter writer = new(message);
            WriteRelease(ref writer, handle);
        }

        Send(channel, message, codec);
    }

    /// <summary>Reads a number that stands first or under a name; false where there is none.</summary>
    public static bool TryReadNumber(ReadOnlySpan<byte> arguments, RpcCodec codec, ReadOnlySpan<byte> member, out long number)
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(arguments);
            return TryReadNumber(ref reader, member, out number);
        }
        else
        {
            JsonValueReader reader = new(arguments);
            return TryReadNumber(ref reader, member, out number);
        }
    }

    /// <inheritdoc cref="TryReadNumber(ReadOnlySpan{byte}, RpcCodec, ReadOnlySpan{byte}, out long)"/>
    public static bool TryReadNumber<TReader>(ref TReader reader, ReadOnlySpan<byte> member, out long number)
        where TReader : struct, IValueReader, allows ref struct
    {
        number = 0;
        switch (reader.Peek())
        {
            case ValueKind.Array:
                ValueScope array = reader.BeginArray();
                return reader.NextElement(ref array) && TryReadNumber(ref reader, out number);
            case ValueKind.Map:
                ValueScope map = reader.BeginMap();
                while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
                {
                    if (name.SequenceEqual(member))
                    {
                        return TryReadNumber(ref reader, out number);
                    }

                    reader.Skip();
                }

                return false;
            default:
                return false;
        }
    }

    /// <summary>Reads what <c>$/releaseMarshaledObject</c> says, by name or by position.</summary>
    public static bool TryReadRelease(ReadOnlySpan<byte> arguments, RpcCodec codec, out long handle, out bool isOwnedBySender)
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(arguments);
            return TryReadRelease(ref reader, out handle, out isOwnedBySender);
        }
        else
        {
            JsonValueReader reader = new(arguments);
            return TryReadRelease(ref reader, out handle, out isOwnedBySender);
        }
    }

    private static bool TryReadRelease<TReader>(ref TReader reader, out long handle, out bool isOwnedBySender)
        where TReader : struct, IValueReader, allows ref struct
    {
        handle = 0;
        isOwnedBySender = false;
        bool isThere = false;
        if (reader.Peek() == ValueKind.Array)
        {
            ValueScope array = reader.BeginArray();
            isThere = reader.NextElement(ref array) && TryReadNumber(ref reader, out handle);
            isOwnedBySender = isThere && reader.NextElement(ref array) && reader.ReadBoolean();
            return isThere;
        }

        if (reader.Peek() != ValueKind.Map)
        {
            return false;
        }

        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("handle"u8))
            {
                isThere = TryReadNumber(ref reader, out handle);
            }
            else if (name.SequenceEqual("ownedBySender"u8))
            {
                isOwnedBySender = reader.ReadBoolean();
            }
            else
            {
                reader.Skip();
            }
        }

        return isThere;
    }

    private static bool TryReadNumber<TReader>(ref TReader reader, out long number)
        where TReader : struct, IValueReader, allows ref struct
    {
        bool isNumber = reader.Peek() == ValueKind.Number;
        number = isNumber ? reader.ReadInt64() : 0;
        return isNumber;
    }

    private static void WriteRelease<TWriter>(ref TWriter writer, long handle)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(2);
        writer.WriteName("handle"u8);
        writer.WriteInt64(handle);
        writer.WriteName("ownedBySender"u8);
        writer.WriteBoolean(false);
        writer.EndMap();
    }

    private static void Send(LeaseChannel channel, OutputBuffer message, RpcCodec codec)
    {
        EnvelopeWriter.End(message, codec);
        channel.Send(message.WrittenSpan, isNeeded: true);
        message.Release();
    }
}

using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;

namespace PluginHost.Rpc.Leasing;

/// <summary>How an object of a contract stands in a message.</summary>
/// <param name="IsOwn">It is the sender's; else it is the receiver's own, given back.</param>
/// <param name="Handle">The owner's number for it.</param>
/// <param name="Lifetime">How long it may be called.</param>
internal readonly record struct ObjectValue(bool IsOwn, long Handle, ObjectLifetime Lifetime)
{
    /// <summary>Writes an object.</summary>
    public static void Write<TWriter>(ref TWriter writer, bool isOwn, long handle, ObjectLifetime lifetime, RpcCodec codec)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        // Peers that speak MessagePack expect all four members; in JSON they leave out what says nothing.
        bool isWhole = codec == RpcCodec.MessagePack;
        bool isCallScoped = lifetime == ObjectLifetime.Call;
        writer.BeginMap(isWhole ? 4 : isCallScoped ? 3 : 2);
        writer.WriteName("__jsonrpc_marshaled"u8);
        writer.WriteInt64(isOwn ? 1 : 0);
        writer.WriteName("handle"u8);
        writer.WriteInt64(handle);
        if (isWhole || isCallScoped)
        {
            writer.WriteName("lifetime"u8);
            writer.WriteString(isCallScoped ? "call" : null);
        }

        if (isWhole)
        {
            writer.WriteName("optionalInterfaces"u8);
            writer.WriteNull();
        }

        writer.EndMap();
    }

    /// <summary>Reads an object.</summary>
    /// <exception cref="ValueFormatException">It is none.</exception>
    public static ObjectValue Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        int kind = -1;
        long? handle = null;
        bool isCallScoped = false;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("__jsonrpc_marshaled"u8))
            {
                kind = reader.ReadInt32();
            }
            else if (name.SequenceEqual("handle"u8))
            {
                handle = reader.ReadInt64();
            }
            else if (name.SequenceEqual("lifetime"u8))
            {
                isCallScoped = reader.ReadString() == "call";
            }
            else
            {
                reader.Skip();
            }
        }

        return kind is 0 or 1 && handle is { } number
            ? new ObjectValue(kind == 1, number, isCallScoped ? ObjectLifetime.Call : ObjectLifetime.Explicit)
            : throw new ValueFormatException("The map is no object of a contract; expected '__jsonrpc_marshaled' 0 or 1 and a 'handle'.");
    }
}

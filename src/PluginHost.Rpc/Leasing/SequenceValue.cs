using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>How a sequence stands in a message: its token where there is more to ask for, and the items that are there already.</summary>
internal static class SequenceValue
{
    /// <summary>Writes a sequence and gives it its token, where it needs one.</summary>
    public static void Write<TWriter, T, TCodec>(ref TWriter writer, SequenceProducer<T, TCodec> source, CallLeases call)
        where TWriter : struct, IValueWriter, allows ref struct
        where TCodec : struct, IValueCodec<T>
    {
        if (call.Options.SequencePrefetch == 0 || !source.HasItems)
        {
            source.Register();
            writer.BeginMap(1);
            writer.WriteName("token"u8);
            writer.WriteInt64(source.Token);
            writer.EndMap();
            return;
        }

        bool isWhole = source.IsComplete;
        writer.BeginMap(isWhole ? 1 : 2);
        if (!isWhole)
        {
            source.Register();
            writer.WriteName("token"u8);
            writer.WriteInt64(source.Token);
        }

        writer.WriteName("values"u8);
        SequenceStep<T, TCodec>.WriteItems(ref writer, call, source, isWhole);
        if (isWhole)
        {
            source.EndWriting();
        }

        writer.EndMap();
    }

    /// <summary>Reads a sequence.</summary>
    /// <returns>The token, or null where all items came.</returns>
    public static long? Read<TReader, T, TCodec>(ref TReader reader, out List<T> values)
        where TReader : struct, IValueReader, allows ref struct
        where TCodec : struct, IValueCodec<T>
    {
        long? token = null;
        values = [];
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("token"u8))
            {
                token = reader.TryReadNull() ? null : reader.ReadInt64();
            }
            else if (name.SequenceEqual("values"u8))
            {
                SequenceBatch<T>.ReadItems<TReader, TCodec>(ref reader, values);
            }
            else
            {
                reader.Skip();
            }
        }

        return token;
    }
}

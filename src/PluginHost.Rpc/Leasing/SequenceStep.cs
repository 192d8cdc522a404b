using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;

namespace PluginHost.Rpc.Leasing;

/// <summary>The answer to one step of a sequence: items that are there, and whether it has ended.</summary>
internal readonly struct SequenceStep<T, TCodec>(SequenceProducer<T, TCodec> source) : IResult
    where TCodec : struct, IValueCodec<T>
{
    /// <inheritdoc/>
    public void Write<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        CallLeases call = (CallLeases)writer.Leases;
        call.Brings(source);
        if (call.Codec == RpcCodec.MessagePack)
        {
            writer.BeginArray(2);
            WriteItems(ref writer, call, source, isWhole: false);
            writer.WriteBoolean(source.EndWriting());
            writer.EndArray();
            return;
        }

        writer.BeginMap(2);
        writer.WriteName("values"u8);
        WriteItems(ref writer, call, source, isWhole: false);
        writer.WriteName("finished"u8);
        writer.WriteBoolean(source.EndWriting());
        writer.EndMap();
    }

    /// <summary>Writes the items that are there as an array that ends with the item that reaches the bound; or, where that is asked, all.</summary>
    public static void WriteItems<TWriter>(ref TWriter writer, CallLeases call, SequenceProducer<T, TCodec> source, bool isWhole)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        const int MostItems = 1024;
        int start = call.Written;
        int count = 0;
        try
        {
            writer.BeginArray(0);
            while ((isWhole || (count < MostItems && (count == 0 || call.Written - start < call.Options.SequenceBatchBytes))) && source.TryTake(out T item))
            {
                TCodec.Write(ref writer, item);
                count++;
            }

            call.SetCount(start, count);
            writer.EndArray();
        }
        catch
        {
            // What was taken is lost: a sequence with a hole must not go on.
            source.Drop();
            throw;
        }
    }
}

/// <summary>What one step brought.</summary>
/// <param name="Values">The items.</param>
/// <param name="IsFinished">True where no other step may be asked for.</param>
internal readonly record struct SequenceBatch<T>(List<T> Values, bool IsFinished)
{
    /// <summary>Reads the answer to a step: a pair or a map.</summary>
    public static SequenceBatch<T> Read<TReader, TCodec>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
        where TCodec : struct, IValueCodec<T>
    {
        List<T> values = [];
        bool isFinished = false;
        if (reader.Peek() == ValueKind.Array)
        {
            ValueScope pair = reader.BeginArray();
            for (int index = 0; reader.NextElement(ref pair); index++)
            {
                switch (index)
                {
                    case 0:
                        ReadItems<TReader, TCodec>(ref reader, values);
                        break;
                    case 1:
                        isFinished = reader.ReadBoolean();
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            return new SequenceBatch<T>(values, isFinished);
        }

        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("values"u8))
            {
                ReadItems<TReader, TCodec>(ref reader, values);
            }
            else if (name.SequenceEqual("finished"u8))
            {
                isFinished = reader.ReadBoolean();
            }
            else
            {
                reader.Skip();
            }
        }

        return new SequenceBatch<T>(values, isFinished);
    }

    /// <summary>Reads items behind those that are there; null is none.</summary>
    public static void ReadItems<TReader, TCodec>(ref TReader reader, List<T> values)
        where TReader : struct, IValueReader, allows ref struct
        where TCodec : struct, IValueCodec<T>
    {
        if (reader.TryReadNull())
        {
            return;
        }

        ValueScope array = reader.BeginArray();
        while (reader.NextElement(ref array))
        {
            values.Add(TCodec.Read(ref reader));
        }
    }
}

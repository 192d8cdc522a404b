using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;

namespace PluginHost.Rpc.Tests.Fuzzing;

/// <summary>Reads a value as contracts' code would: all of it, as the wrong type, or as arguments.</summary>
internal static class ValueWalk
{
    private static readonly ProbeDispatcher s_probe = new();

    public static void Take<TReader>(ref TReader reader, int way, Random random)
        where TReader : struct, IValueReader, allows ref struct
    {
        switch (way)
        {
            case 0:
                Walk(ref reader, random);
                break;
            case 1:
                ErrorBody.Read(ref reader);
                break;
            default:
                // Not the one that waits.
                int method = random.Next(5);
                s_probe.InvokeAsync(method is 2 or 3 ? 0 : method, ref reader, new Unheard(), CancellationToken.None).AsTask().GetAwaiter().GetResult();
                break;
        }
    }

    private static void Walk<TReader>(ref TReader reader, Random random)
        where TReader : struct, IValueReader, allows ref struct
    {
        if (random.Next(40) == 0)
        {
            Mistake(ref reader, random);
            return;
        }

        switch (reader.Peek())
        {
            case ValueKind.Null:
                reader.TryReadNull();
                break;
            case ValueKind.Boolean:
                reader.ReadBoolean();
                break;
            case ValueKind.Number when random.Next(2) == 0:
                reader.ReadInt64();
                break;
            case ValueKind.Number:
                reader.ReadDouble();
                break;
            case ValueKind.String:
                reader.ReadString();
                break;
            case ValueKind.Binary:
                reader.ReadBinary();
                break;
            case ValueKind.Array:
                ValueScope array = reader.BeginArray();
                while (reader.NextElement(ref array))
                {
                    Walk(ref reader, random);
                }

                break;
            case ValueKind.Map:
                ValueScope map = reader.BeginMap();
                while (reader.NextName(ref map, out _))
                {
                    Walk(ref reader, random);
                }

                break;
            default:
                reader.ReadDateTime();
                break;
        }
    }

    /// <summary>Reads as a type that is mostly another one.</summary>
    private static void Mistake<TReader>(ref TReader reader, Random random)
        where TReader : struct, IValueReader, allows ref struct
    {
        switch (random.Next(14))
        {
            case 0: reader.ReadUInt64(); break;
            case 1: reader.ReadInt32(); break;
            case 2: reader.ReadSingle(); break;
            case 3: reader.ReadDecimal(); break;
            case 4: reader.ReadChar(); break;
            case 5: reader.ReadBinary(); break;
            case 6: reader.ReadGuid(); break;
            case 7: reader.ReadDateTime(); break;
            case 8: reader.ReadDateTimeOffset(); break;
            case 9: reader.ReadTimeSpan(); break;
            case 10: reader.BeginArray(); break;
            case 11: reader.BeginMap(); break;
            case 12: reader.ReadString(); break;
            default: reader.Skip(); break;
        }
    }

    private sealed class Unheard : Reply
    {
        public override void Send<TResult>(in TResult result)
        {
        }
    }
}

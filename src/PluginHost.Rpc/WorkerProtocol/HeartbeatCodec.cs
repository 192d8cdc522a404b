using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>A worker's heartbeat, written and read.</summary>
internal static class HeartbeatCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, HeartbeatNotice value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(3);
        WireMap.WriteInteger(ref writer, "pending"u8, value.Pending);
        WireMap.WriteInteger(ref writer, "poolDelayMs"u8, (long)value.PoolDelay.TotalMilliseconds);
        writer.WriteName("calls"u8);
        writer.BeginArray(value.Calls.Count);
        foreach (RunningCall call in value.Calls)
        {
            Write(ref writer, call);
        }

        writer.EndArray();
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static HeartbeatNotice Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        int pending = 0;
        long poolDelay = 0;
        List<RunningCall> calls = [];
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("pending"u8))
            {
                pending = reader.ReadInt32();
            }
            else if (member.SequenceEqual("poolDelayMs"u8))
            {
                poolDelay = reader.ReadInt64();
            }
            else if (member.SequenceEqual("calls"u8))
            {
                ValueScope array = reader.BeginArray();
                while (reader.NextElement(ref array))
                {
                    calls.Add(ReadCall(ref reader));
                }
            }
            else
            {
                reader.Skip();
            }
        }

        return new HeartbeatNotice(pending, Span(poolDelay), calls);
    }

    /// <summary>A call's times in milliseconds; -1 where it has not begun, or was not asked to stop.</summary>
    private static void Write<TWriter>(ref TWriter writer, RunningCall value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(3);
        WireMap.WriteText(ref writer, "method"u8, value.Method);
        WireMap.WriteInteger(ref writer, "runningMs"u8, value.HasBegun ? (long)value.Running.TotalMilliseconds : -1);
        WireMap.WriteInteger(ref writer, "askedToStopMs"u8, value.AskedToStop is { } asked ? (long)asked.TotalMilliseconds : -1);
        writer.EndMap();
    }

    private static RunningCall ReadCall<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? method = null;
        long running = -1;
        long asked = -1;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("method"u8))
            {
                method = reader.ReadString();
            }
            else if (member.SequenceEqual("runningMs"u8))
            {
                running = reader.ReadInt64();
            }
            else if (member.SequenceEqual("askedToStopMs"u8))
            {
                asked = reader.ReadInt64();
            }
            else
            {
                reader.Skip();
            }
        }

        return new RunningCall(WireMap.Required(method, nameof(RunningCall), "method"), running >= 0, Span(running), asked < 0 ? null : Span(asked));
    }

    /// <summary>A time that a peer gave, within what can be a time here.</summary>
    private static TimeSpan Span(long milliseconds) => TimeSpan.FromMilliseconds((double)Math.Clamp(milliseconds, 0, int.MaxValue));
}

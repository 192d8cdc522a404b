using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>Faults between host and worker, written and read.</summary>
public static class FaultCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, FaultMessage value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        ArgumentNullException.ThrowIfNull(value);
        writer.BeginMap(9);
        WireMap.WriteText(ref writer, "type"u8, value.Type.ToString());
        WireMap.WriteText(ref writer, "message"u8, value.Message);
        WireMap.WriteText(ref writer, "plugin"u8, value.Fault.PluginId);
        WireMap.WriteText(ref writer, "kind"u8, value.Fault.Kind.ToString());
        WireMap.WriteText(ref writer, "method"u8, value.Fault.Method);
        writer.WriteName("retryable"u8);
        writer.WriteBoolean(value.Fault.IsRetryable);
        WireMap.WriteText(ref writer, "remedy"u8, value.Fault.Remedy);
        WireMap.WriteText(ref writer, "remoteType"u8, value.Fault.RemoteType);
        WireMap.WriteText(ref writer, "remoteMessage"u8, value.Fault.RemoteMessage);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped, and words of a later release become the most general ones.</summary>
    public static FaultMessage Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        FaultType type = FaultType.Fault;
        string message = "";
        PluginFault fault = new("", FaultKind.Exception);
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("retryable"u8))
            {
                fault = fault with { IsRetryable = reader.ReadBoolean() };
                continue;
            }

            // The name is gone once the value is read: the reader may give both out of one buffer.
            int which = Which(member);
            if (which < 0)
            {
                reader.Skip();
                continue;
            }

            string? text = reader.ReadString();
            switch (which)
            {
                case 0:
                    type = Enum.TryParse(text, out FaultType parsed) ? parsed : FaultType.Fault;
                    break;
                case 1:
                    message = text ?? "";
                    break;
                default:
                    fault = Set(fault, which, text);
                    break;
            }
        }

        return new FaultMessage(type, message, fault);
    }

    private static int Which(ReadOnlySpan<byte> member) =>
        member.SequenceEqual("type"u8) ? 0
        : member.SequenceEqual("message"u8) ? 1
        : member.SequenceEqual("plugin"u8) ? 2
        : member.SequenceEqual("kind"u8) ? 3
        : member.SequenceEqual("method"u8) ? 4
        : member.SequenceEqual("remedy"u8) ? 5
        : member.SequenceEqual("remoteType"u8) ? 6
        : member.SequenceEqual("remoteMessage"u8) ? 7
        : -1;

    private static PluginFault Set(PluginFault fault, int which, string? text) => which switch
    {
        2 => fault with { PluginId = text ?? "" },
        3 => fault with { Kind = Enum.TryParse(text, out FaultKind kind) ? kind : FaultKind.Exception },
        4 => fault with { Method = text },
        5 => fault with { Remedy = text },
        6 => fault with { RemoteType = text },
        _ => fault with { RemoteMessage = text },
    };
}

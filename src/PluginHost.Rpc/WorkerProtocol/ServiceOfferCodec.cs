using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>Offers of host services, written and read.</summary>
internal static class ServiceOfferCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, ServiceOffer value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(4);
        WireMap.WriteText(ref writer, "name"u8, value.Name);
        WireMap.WriteInteger(ref writer, "major"u8, value.Major);
        WireMap.WriteText(ref writer, "assembly"u8, value.Assembly);
        writer.WriteName("refusal"u8);
        if (value.Refusal is { } refusal)
        {
            FaultCodec.Write(ref writer, refusal);
        }
        else
        {
            writer.WriteNull();
        }

        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static ServiceOffer Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        string? name = null;
        int major = 0;
        string? assembly = null;
        FaultMessage? refusal = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("name"u8))
            {
                name = reader.ReadString();
            }
            else if (member.SequenceEqual("major"u8))
            {
                major = reader.ReadInt32();
            }
            else if (member.SequenceEqual("assembly"u8))
            {
                assembly = reader.ReadString();
            }
            else if (member.SequenceEqual("refusal"u8) && reader.Peek() == ValueKind.Map)
            {
                refusal = FaultCodec.Read(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new ServiceOffer(WireMap.Required(name, nameof(ServiceOffer), "name"), major, assembly, refusal);
    }
}

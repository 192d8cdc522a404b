using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>The handshake, written and read.</summary>
internal static class HandshakeCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, HelloRequest value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(6);
        WireMap.WriteInteger(ref writer, "protocolMin"u8, value.ProtocolMin);
        WireMap.WriteInteger(ref writer, "protocolMax"u8, value.ProtocolMax);
        WireMap.WriteTexts(ref writer, "codecs"u8, value.Codecs);
        WireMap.WriteText(ref writer, "hostVersion"u8, value.HostVersion);
        WireMap.WriteInteger(ref writer, "hostPid"u8, value.HostPid);
        writer.WriteName("transports"u8);
        writer.BeginArray(value.Transports.Count);
        foreach (TransportOffer offer in value.Transports)
        {
            writer.BeginMap(3);
            WireMap.WriteText(ref writer, "name"u8, offer.Name);
            WireMap.WriteInteger(ref writer, "descriptor"u8, offer.Descriptor);
            WireMap.WriteInteger(ref writer, "bytes"u8, offer.Bytes);
            writer.EndMap();
        }

        writer.EndArray();
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static HelloRequest ReadHelloRequest<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        int protocolMin = 0;
        int protocolMax = 0;
        string[]? codecs = null;
        string? hostVersion = null;
        int hostPid = 0;
        List<TransportOffer> transports = [];
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("protocolMin"u8))
            {
                protocolMin = reader.ReadInt32();
            }
            else if (member.SequenceEqual("protocolMax"u8))
            {
                protocolMax = reader.ReadInt32();
            }
            else if (member.SequenceEqual("codecs"u8))
            {
                codecs = WireMap.ReadTexts(ref reader);
            }
            else if (member.SequenceEqual("hostVersion"u8))
            {
                hostVersion = reader.ReadString();
            }
            else if (member.SequenceEqual("hostPid"u8))
            {
                hostPid = reader.ReadInt32();
            }
            else if (member.SequenceEqual("transports"u8))
            {
                ReadOffers(ref reader, transports);
            }
            else
            {
                reader.Skip();
            }
        }

        return new HelloRequest(
            protocolMin,
            protocolMax,
            WireMap.Required(codecs, nameof(HelloRequest), "codecs"),
            WireMap.Required(hostVersion, nameof(HelloRequest), "hostVersion"),
            hostPid) { Transports = transports };
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, HelloReply value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(7);
        WireMap.WriteInteger(ref writer, "protocol"u8, value.Protocol);
        WireMap.WriteText(ref writer, "codec"u8, value.Codec);
        WireMap.WriteText(ref writer, "workerVersion"u8, value.WorkerVersion);
        WireMap.WriteText(ref writer, "runtime"u8, value.Runtime);
        WireMap.WriteInteger(ref writer, "pid"u8, value.Pid);
        WireMap.WriteText(ref writer, "transport"u8, value.Transport);
        WireMap.WriteText(ref writer, "transportProblem"u8, value.TransportProblem);
        writer.EndMap();
    }

    /// <summary>Reads one; unknown members are skipped.</summary>
    public static HelloReply ReadHelloReply<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        int protocol = 0;
        string? codec = null;
        string? workerVersion = null;
        string? runtime = null;
        int pid = 0;
        string? transport = null;
        string? transportProblem = null;
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
        {
            if (member.SequenceEqual("protocol"u8))
            {
                protocol = reader.ReadInt32();
            }
            else if (member.SequenceEqual("codec"u8))
            {
                codec = reader.ReadString();
            }
            else if (member.SequenceEqual("workerVersion"u8))
            {
                workerVersion = reader.ReadString();
            }
            else if (member.SequenceEqual("runtime"u8))
            {
                runtime = reader.ReadString();
            }
            else if (member.SequenceEqual("pid"u8))
            {
                pid = reader.ReadInt32();
            }
            else if (member.SequenceEqual("transport"u8))
            {
                transport = reader.ReadString();
            }
            else if (member.SequenceEqual("transportProblem"u8))
            {
                transportProblem = reader.ReadString();
            }
            else
            {
                reader.Skip();
            }
        }

        return new HelloReply(
            protocol,
            WireMap.Required(codec, nameof(HelloReply), "codec"),
            WireMap.Required(workerVersion, nameof(HelloReply), "workerVersion"),
            WireMap.Required(runtime, nameof(HelloReply), "runtime"),
            pid) { Transport = transport ?? WorkerProtocolVersion.Socket, TransportProblem = transportProblem };
    }

    private static void ReadOffers<TReader>(ref TReader reader, List<TransportOffer> offers)
        where TReader : struct, IValueReader, allows ref struct
    {
        ValueScope array = reader.BeginArray();
        while (reader.NextElement(ref array))
        {
            string? name = null;
            int descriptor = -1;
            int bytes = 0;
            ValueScope map = reader.BeginMap();
            while (reader.NextName(ref map, out ReadOnlySpan<byte> member))
            {
                if (member.SequenceEqual("name"u8))
                {
                    name = reader.ReadString();
                }
                else if (member.SequenceEqual("descriptor"u8))
                {
                    descriptor = reader.ReadInt32();
                }
                else if (member.SequenceEqual("bytes"u8))
                {
                    bytes = reader.ReadInt32();
                }
                else
                {
                    reader.Skip();
                }
            }

            offers.Add(new TransportOffer(WireMap.Required(name, nameof(TransportOffer), "name"), descriptor, bytes));
        }
    }
}

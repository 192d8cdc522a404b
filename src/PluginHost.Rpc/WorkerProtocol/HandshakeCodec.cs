using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>The handshake, written and read.</summary>
internal static class HandshakeCodec
{
    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, HelloRequest value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(5);
        WireMap.WriteInteger(ref writer, "protocolMin"u8, value.ProtocolMin);
        WireMap.WriteInteger(ref writer, "protocolMax"u8, value.ProtocolMax);
        WireMap.WriteTexts(ref writer, "codecs"u8, value.Codecs);
        WireMap.WriteText(ref writer, "hostVersion"u8, value.HostVersion);
        WireMap.WriteInteger(ref writer, "hostPid"u8, value.HostPid);
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
            hostPid);
    }

    /// <summary>Writes one.</summary>
    public static void Write<TWriter>(ref TWriter writer, HelloReply value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(5);
        WireMap.WriteInteger(ref writer, "protocol"u8, value.Protocol);
        WireMap.WriteText(ref writer, "codec"u8, value.Codec);
        WireMap.WriteText(ref writer, "workerVersion"u8, value.WorkerVersion);
        WireMap.WriteText(ref writer, "runtime"u8, value.Runtime);
        WireMap.WriteInteger(ref writer, "pid"u8, value.Pid);
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
            pid);
    }
}

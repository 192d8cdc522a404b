using System.Buffers.Binary;
using System.Text;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Framing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Vectors;

namespace PluginHost.Rpc.Tests.Fuzzing;

/// <summary>Makes damaged streams of one codec, the same for the same seed: recorded and generated messages with bytes changed, put in, taken out, spliced, and lengths that lie.</summary>
internal sealed class Mutator
{
    private static readonly string[] s_methods =
        ["Probe.Add", "Probe.Echo", "Probe.Fail", "Probe.Number", "Probe.Tell", "$/cancelRequest", "$/progress", "$/enumerator/next", "$/invokeProxy/0/X", "nope"];

    private static readonly byte[] s_telling = [0, 1, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xc0, 0xc1, 0xc7, 0xd9, 0xdb, 0xdd, 0xdf, 0xff, .. "\"\\{}[]:,-0e.\r\n"u8];
    private readonly RpcCodec _codec;
    private readonly byte[][] _recorded;

    public Mutator(RpcCodec codec, int seed)
    {
        _codec = codec;
        Random = new Random(seed);
        _recorded = [.. RecordedFrame.All.Where(f => f.Fault is null && f.IsBinary == (codec == RpcCodec.MessagePack)).SelectMany(f => f.Messages)];
    }

    public Random Random { get; }

    /// <summary>The next stream and how it is framed.</summary>
    public (byte[] Stream, RpcFraming Framing) Next()
    {
        RpcFraming framing = _codec == RpcCodec.Json ? (RpcFraming)Random.Next(3) : (RpcFraming)Random.Next(2);
        FrameFormat format = new RpcOptions { Framing = framing }.Format;
        OutputBuffer stream = new();
        for (int frames = Random.Next(1, 4); frames > 0; frames--)
        {
            byte[] message = Random.Next(2) == 0 ? _recorded[Random.Next(_recorded.Length)] : Generate();
            if (Random.Next(4) != 0)
            {
                // Inside a whole frame, so that the damage reaches the readers behind the framing.
                message = Damage(message);
            }

            int start = stream.Length;
            OutputBuffer frame = new();
            format.Begin(frame);
            frame.Write(message);
            format.End(frame, 0);
            stream.Write(frame.WrittenSpan);
            if (framing == RpcFraming.Length && Random.Next(30) == 0)
            {
                BinaryPrimitives.WriteInt32BigEndian(stream.Written(start, 4), Lie(message.Length));
            }
        }

        byte[] whole = stream.WrittenSpan.ToArray();
        return (Random.Next(5) == 0 ? Damage(whole) : whole, framing);
    }

    private int Lie(int length) => Random.Next(6) switch
    {
        0 => int.MaxValue,
        1 => -length,
        2 => 0,
        3 => length + Random.Next(1, 20),
        4 => Math.Max(1, length - Random.Next(1, 20)),
        _ => Random.Next(),
    };

    private byte[] Damage(byte[] bytes)
    {
        List<byte> damaged = [.. bytes];
        for (int changes = Random.Next(1, 4); changes > 0 && damaged.Count > 0; changes--)
        {
            int at = Random.Next(damaged.Count);
            int count = Random.Next(1, Math.Min(12, damaged.Count - at) + 1);
            switch (Random.Next(7))
            {
                case 0:
                    damaged[at] ^= (byte)(1 << Random.Next(8));
                    break;
                case 1:
                    damaged[at] = s_telling[Random.Next(s_telling.Length)];
                    break;
                case 2:
                    damaged.InsertRange(at, Enumerable.Range(0, count).Select(_ => s_telling[Random.Next(s_telling.Length)]));
                    break;
                case 3:
                    damaged.RemoveRange(at, count);
                    break;
                case 4:
                    damaged.InsertRange(at, damaged.GetRange(Random.Next(damaged.Count - count + 1), count));
                    break;
                case 5:
                    byte[] other = _recorded[Random.Next(_recorded.Length)];
                    int from = Random.Next(other.Length);
                    damaged.RemoveRange(at, damaged.Count - at);
                    damaged.AddRange(other[from..]);
                    break;
                default:
                    // A number or a length becomes another: digits for text, wide headers for MessagePack.
                    damaged.InsertRange(at, _codec == RpcCodec.Json ? [.. "99999999999"u8] : [(byte)Random.Next(0xc4, 0xe0), 0xff, 0xff, 0xff, 0xff]);
                    break;
            }
        }

        return damaged.Count == 0 ? [0] : [.. damaged];
    }

    private byte[] Generate()
    {
        OutputBuffer output = new();
        byte[] method = Encoding.UTF8.GetBytes(s_methods[Random.Next(s_methods.Length)]);
        switch (Random.Next(4))
        {
            case 0:
                EnvelopeWriter.BeginRequest(output, _codec, Random.NextInt64(1L << Random.Next(1, 53)), method);
                WriteValue(output);
                EnvelopeWriter.End(output, _codec);
                break;
            case 1:
                EnvelopeWriter.BeginNotification(output, _codec, method);
                WriteValue(output);
                EnvelopeWriter.End(output, _codec);
                break;
            case 2:
                EnvelopeWriter.BeginResult(output, _codec, [0x37], tellsInside: true);
                WriteValue(output);
                EnvelopeWriter.EndResult(output, _codec, Random.Next());
                break;
            default:
                EnvelopeWriter.BeginError(output, _codec, [0x37]);
                CallEncoder.WriteError(output, _codec, Random.Next(-33000, 10), "It broke.", new InvalidOperationException("é😀"));
                EnvelopeWriter.End(output, _codec);
                break;
        }

        return output.WrittenSpan.ToArray();
    }

    private void WriteValue(OutputBuffer output)
    {
        if (_codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(output);
            Write(ref writer, 0);
        }
        else
        {
            JsonValueWriter writer = new(output);
            Write(ref writer, 0);
        }
    }

    private void Write<TWriter>(ref TWriter writer, int depth)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        int kind = depth == 0 ? Random.Next(10, 12) : Random.Next(depth > 4 ? 10 : 12);
        int count = Random.Next(4);
        switch (kind)
        {
            case 0: writer.WriteNull(); break;
            case 1: writer.WriteBoolean(count > 1); break;
            case 2: writer.WriteInt64(Random.NextInt64() >> Random.Next(64)); break;
            case 3: writer.WriteDouble(Random.NextDouble() * 1e9); break;
            case 4: writer.WriteString(new string((char)Random.Next(1, 0x3000), Random.Next(40))); break;
            case 5: writer.WriteGuid(new Guid(Random.Next(), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)); break;
            case 6: writer.WriteBinary(new byte[Random.Next(30)]); break;
            case 7: writer.WriteDateTime(new DateTime(Random.NextInt64(DateTime.MaxValue.Ticks), DateTimeKind.Utc)); break;
            case 8: writer.WriteDateTimeOffset(new DateTimeOffset(Random.NextInt64(DateTime.MaxValue.Ticks / 2) + 1, TimeSpan.Zero)); break;
            case 9: writer.WriteDecimal(Random.Next() / 100m); break;
            case 10:
                writer.BeginArray(count);
                for (int i = 0; i < count; i++)
                {
                    Write(ref writer, depth + 1);
                }

                writer.EndArray();
                break;
            default:
                writer.BeginMap(count);
                for (int i = 0; i < count; i++)
                {
                    writer.WriteName("token"u8[..Random.Next(1, 6)]);
                    Write(ref writer, depth + 1);
                }

                writer.EndMap();
                break;
        }
    }
}

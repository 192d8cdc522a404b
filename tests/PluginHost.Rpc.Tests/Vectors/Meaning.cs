using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Tests.Vectors;

/// <summary>What a message says, in one spelling for both codecs: as our readers find it, and as a second, independent way finds it.</summary>
public sealed record Meaning(string Kind, string? Id, string? Method, string? Params, string? Result, string? Error)
{
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads with the product's readers.</summary>
    public static Meaning Ours(byte[] message)
    {
        RpcCodec codec = EnvelopeReader.Detect(message);
        Envelope envelope = EnvelopeReader.Read(message, codec);
        string? method = envelope.Method.IsAbsent ? null : Encoding.UTF8.GetString(envelope.Method.Of(message));
        return new Meaning(
            envelope.Kind.ToString(),
            Of(envelope.RawId, message, codec),
            envelope.IsMethodEscaped ? JsonSerializer.Deserialize<string>($"\"{method}\"") : method,
            Of(envelope.Params, message, codec),
            Of(envelope.Result, message, codec),
            Of(envelope.Error, message, codec));
    }

    /// <summary>Reads with System.Text.Json's document, or with a decoder of this file.</summary>
    public static Meaning Independent(byte[] message, bool isBinary)
    {
        Dictionary<string, string> members = [];
        string? method = null;
        if (isBinary)
        {
            int at = 0;
            foreach ((string name, object? value) in (List<KeyValuePair<string, object?>>)Decode(message, ref at)!)
            {
                members[name] = Spell(value);
                method = name == "method" ? value as string : method;
            }
        }
        else
        {
            foreach (JsonProperty member in JsonDocument.Parse(message).RootElement.EnumerateObject())
            {
                members[member.Name] = Spell(member.Value);
                method = member.Name == "method" ? member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null : method;
            }
        }

        string? id = members.GetValueOrDefault("id");
        string? error = members.GetValueOrDefault("error");
        string? result = members.GetValueOrDefault("result");
        string kind = members.ContainsKey("method")
            ? method is null ? "InvalidRequest" : id is null ? "Notification" : "Request"
            : error is not null and not "null" ? "Error" : "Result";
        return new Meaning(kind, id, method, members.GetValueOrDefault("params"), result, error);
    }

    /// <summary>Spells the value at the reader.</summary>
    public static string Spelled<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        StringBuilder text = new();
        Spell(ref reader, text);
        return text.ToString();
    }

    private static string? Of(Slice slice, byte[] message, RpcCodec codec)
    {
        if (slice.IsAbsent)
        {
            return null;
        }

        StringBuilder text = new();
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(slice.Of(message));
            Spell(ref reader, text);
        }
        else
        {
            JsonValueReader reader = new(slice.Of(message));
            Spell(ref reader, text);
        }

        return text.ToString();
    }

    private static void Spell<TReader>(ref TReader reader, StringBuilder text)
        where TReader : struct, IValueReader, allows ref struct
    {
        switch (reader.Peek())
        {
            case ValueKind.Null:
                reader.TryReadNull();
                text.Append("null");
                break;
            case ValueKind.Boolean:
                text.Append(reader.ReadBoolean() ? "true" : "false");
                break;
            case ValueKind.Number:
                text.Append(Spell(reader.ReadDecimal()));
                break;
            case ValueKind.String:
                text.Append(Spell(reader.ReadString()!));
                break;
            case ValueKind.Binary:
                text.Append("bin ").Append(Convert.ToHexString(reader.ReadBinary()!));
                break;
            case ValueKind.Array:
                ValueScope array = reader.BeginArray();
                text.Append('[');
                while (reader.NextElement(ref array))
                {
                    Spell(ref reader, text);
                    text.Append(',');
                }

                text.Append(']');
                break;
            default:
                ValueScope map = reader.BeginMap();
                text.Append('{');
                while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
                {
                    text.Append(Spell(Encoding.UTF8.GetString(name))).Append(':');
                    Spell(ref reader, text);
                    text.Append(',');
                }

                text.Append('}');
                break;
        }
    }

    private static string Spell(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Concat(value.EnumerateObject().Select(m => $"{Spell(m.Name)}:{Spell(m.Value)},"))}}}",
        JsonValueKind.Array => $"[{string.Concat(value.EnumerateArray().Select(v => Spell(v) + ","))}]",
        JsonValueKind.String => Spell(value.GetString()!),
        JsonValueKind.Number => Spell(value.GetDecimal()),
        _ => value.GetRawText(),
    };

    private static string Spell(object? value) => value switch
    {
        null => "null",
        bool boolean => boolean ? "true" : "false",
        string text => Spell(text),
        byte[] bytes => $"bin {Convert.ToHexString(bytes)}",
        List<object?> array => $"[{string.Concat(array.Select(v => Spell(v) + ","))}]",
        List<KeyValuePair<string, object?>> map => $"{{{string.Concat(map.Select(m => $"{Spell(m.Key)}:{Spell(m.Value)},"))}}}",
        _ => Spell(Convert.ToDecimal(value, CultureInfo.InvariantCulture)),
    };

    /// <summary>Spells a text.</summary>
    public static string Spell(string text) => JsonSerializer.Serialize(text, s_plain);

    // Divided so that 12.50 and 12.5 are one number.
    private static string Spell(decimal number) => (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads as much of MessagePack as the recorded peers use; throws on anything else.</summary>
    private static object? Decode(ReadOnlySpan<byte> bytes, ref int at)
    {
        byte code = bytes[at++];
        switch (code)
        {
            case < 0x80:
                return (long)code;
            case < 0x90:
                return Map(bytes, ref at, code & 15);
            case < 0xa0:
                return Array(bytes, ref at, code & 15);
            case < 0xc0:
                return Text(bytes, ref at, code & 31);
            case 0xc0:
                return null;
            case 0xc2 or 0xc3:
                return code == 0xc3;
            case 0xc4:
                int count = bytes[at];
                at += 1 + count;
                return bytes[(at - count)..at].ToArray();
            case 0xcc:
                return (long)bytes[at++];
            case 0xcd:
                at += 2;
                return (long)BinaryPrimitives.ReadUInt16BigEndian(bytes[(at - 2)..]);
            case 0xd0:
                return (long)(sbyte)bytes[at++];
            case 0xd1:
                at += 2;
                return (long)BinaryPrimitives.ReadInt16BigEndian(bytes[(at - 2)..]);
            case 0xd2:
                at += 4;
                return (long)BinaryPrimitives.ReadInt32BigEndian(bytes[(at - 4)..]);
            case 0xd3:
                at += 8;
                return BinaryPrimitives.ReadInt64BigEndian(bytes[(at - 8)..]);
            case 0xd9:
                int length = bytes[at++];
                return Text(bytes, ref at, length);
            case 0xda:
                at += 2;
                return Text(bytes, ref at, BinaryPrimitives.ReadUInt16BigEndian(bytes[(at - 2)..]));
            case >= 0xe0:
                return (long)(sbyte)code;
            default:
                throw new NotSupportedException($"{code:X2} at {at - 1}");
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes, ref int at, int length)
    {
        at += length;
        return Encoding.UTF8.GetString(bytes[(at - length)..at]);
    }

    private static List<object?> Array(ReadOnlySpan<byte> bytes, ref int at, int count)
    {
        List<object?> array = [];
        for (int i = 0; i < count; i++)
        {
            array.Add(Decode(bytes, ref at));
        }

        return array;
    }

    private static List<KeyValuePair<string, object?>> Map(ReadOnlySpan<byte> bytes, ref int at, int count)
    {
        List<KeyValuePair<string, object?>> map = [];
        for (int i = 0; i < count; i++)
        {
            string name = (string)Decode(bytes, ref at)!;
            map.Add(new(name, Decode(bytes, ref at)));
        }

        return map;
    }
}

using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Tests.Vectors;

/// <summary>Writes a message again with the product's writers, and says where a recorded frame is not in the canonical form.</summary>
internal static partial class Rewriting
{
    /// <summary>Why our bytes differ from the recorded ones, judged by the recorded bytes alone; null where they must not differ.</summary>
    public static string? Difference(RecordedFrame frame) => frame.IsBinary ? BinaryDifference(frame) : TextDifference(frame);

    /// <summary>Reads a message and writes it.</summary>
    public static byte[] Again(byte[] message)
    {
        RpcCodec codec = EnvelopeReader.Detect(message);
        Envelope envelope = EnvelopeReader.Read(message, codec);
        ReadOnlySpan<byte> method = envelope.Method.IsAbsent ? default : envelope.Method.Of(message);
        OutputBuffer output = new();
        switch (envelope.Kind)
        {
            case MessageKind.Notification when method.SequenceEqual("$/cancelRequest"u8) && Meaning.Ours(message).Params is { } named && named.StartsWith("{\"id\":", StringComparison.Ordinal):
                EnvelopeWriter.WriteCancel(output, codec, long.Parse(named[6..^2], System.Globalization.CultureInfo.InvariantCulture));
                break;
            case MessageKind.Notification:
                EnvelopeWriter.BeginNotification(output, codec, method);
                WriteParams(output, in envelope, message, codec);
                EnvelopeWriter.End(output, codec);
                break;
            case MessageKind.Request when envelope.IdKind == IdKind.Integer:
                EnvelopeWriter.BeginRequest(output, codec, envelope.Id, method);
                WriteParams(output, in envelope, message, codec);
                EnvelopeWriter.End(output, codec);
                break;
            case MessageKind.Result:
                EnvelopeWriter.BeginResult(output, codec, envelope.RawId.Of(message), tellsInside: false);
                Copy(envelope.Result.Of(message), output, codec);
                EnvelopeWriter.EndResult(output, codec, -1);
                break;
            case MessageKind.Error:
                EnvelopeWriter.BeginError(output, codec, envelope.RawId.Of(message));
                WriteError(output, envelope.Error.Of(message), codec);
                EnvelopeWriter.End(output, codec);
                break;
        }

        return output.WrittenSpan.ToArray();
    }

    private static string? TextDifference(RecordedFrame frame)
    {
        if (frame.Text.StartsWith("content-length", StringComparison.Ordinal))
        {
            return "another header";
        }

        string message = Encoding.UTF8.GetString(frame.Messages[0]);
        List<JsonProperty> members = [.. JsonDocument.Parse(message).RootElement.EnumerateObject()];
        string names = string.Join(',', members.Select(m => m.Name));
        if (names is "jsonrpc,id,method" or "jsonrpc,method")
        {
            return members[^1].Value.ValueKind == JsonValueKind.String ? "no params" : "no method's name";
        }

        if (names is not ("jsonrpc,id,method,params" or "jsonrpc,method,params" or "jsonrpc,id,result" or "jsonrpc,id,error"))
        {
            return "other members";
        }

        if (members[0].Value.GetString() != "2.0")
        {
            return "another version";
        }

        // We give integers; what others gave is only echoed in answers.
        if (members[2].NameEquals("method") && members[1].Value.ValueKind != JsonValueKind.Number)
        {
            return "a request's id that is no integer";
        }

        if (members[2].NameEquals("method") && !members[1].Value.TryGetInt64(out _))
        {
            return "a request's id that is no integer";
        }

        if (NeedlessEscape().IsMatch(message))
        {
            return "needless escapes";
        }

        return members[^1].NameEquals("error") && members[^1].Value.ValueKind != JsonValueKind.Object ? "an error that is no object" : null;
    }

    private static string? BinaryDifference(RecordedFrame frame)
    {
        string hex = Convert.ToHexStringLower(frame.Messages[0]);
        if (hex.StartsWith("86", StringComparison.Ordinal))
        {
            return "other members";
        }

        return WideInteger().IsMatch(hex) ? "integers wider than needed" : null;
    }

    private static void WriteParams(OutputBuffer output, in Envelope envelope, byte[] message, RpcCodec codec)
    {
        if (!envelope.Params.IsAbsent)
        {
            Copy(envelope.Params.Of(message), output, codec);
            return;
        }

        output.Write(codec == RpcCodec.MessagePack ? [0x90] : "[]"u8);
    }

    private static void WriteError(OutputBuffer output, scoped ReadOnlySpan<byte> error, RpcCodec codec)
    {
        ErrorBody body;
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(error);
            body = ErrorBody.Read(ref reader);
            if (error[^1] == 0xc0 && body.Type is null)
            {
                MessagePackValueWriter writer = new(output);
                ErrorBody.Write(ref writer, body.Code, body.Message, null, isDataRequired: true);
                return;
            }
        }
        else
        {
            JsonValueReader reader = new(error);
            body = ErrorBody.Read(ref reader);
            if (!error.StartsWith("{\"data\""u8) && error.IndexOf("\"data\":"u8) < 0)
            {
                JsonValueWriter writer = new(output);
                ErrorBody.Write(ref writer, body.Code, body.Message, null, isDataRequired: false);
                return;
            }
        }

        // An error with data of its own: only its values are written again.
        Copy(error, output, codec);
    }

    private static void Copy(ReadOnlySpan<byte> value, OutputBuffer output, RpcCodec codec)
    {
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(value);
            MessagePackValueWriter writer = new(output);
            Copy(ref reader, ref writer, isBinary: true);
        }
        else
        {
            JsonValueReader reader = new(value);
            JsonValueWriter writer = new(output);
            Copy(ref reader, ref writer, isBinary: false);
        }
    }

    private static void Copy<TReader, TWriter>(ref TReader reader, ref TWriter writer, bool isBinary)
        where TReader : struct, IValueReader, allows ref struct
        where TWriter : struct, IValueWriter, allows ref struct
    {
        switch (reader.Peek())
        {
            case ValueKind.Null:
                reader.TryReadNull();
                writer.WriteNull();
                break;
            case ValueKind.Boolean:
                writer.WriteBoolean(reader.ReadBoolean());
                break;
            case ValueKind.Number when isBinary:
                writer.WriteInt64(reader.ReadInt64());
                break;
            case ValueKind.Number:
                writer.WriteDecimal(reader.ReadDecimal());
                break;
            case ValueKind.String:
                writer.WriteString(reader.ReadString());
                break;
            case ValueKind.Array:
                ValueScope array = reader.BeginArray();
                writer.BeginArray(array.Remaining < 0 ? 0 : array.Remaining);
                while (reader.NextElement(ref array))
                {
                    Copy(ref reader, ref writer, isBinary);
                }

                writer.EndArray();
                break;
            default:
                ValueScope map = reader.BeginMap();
                writer.BeginMap(map.Remaining < 0 ? 0 : map.Remaining);
                while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
                {
                    writer.WriteKey(Encoding.UTF8.GetString(name));
                    Copy(ref reader, ref writer, isBinary);
                }

                writer.EndMap();
                break;
        }
    }

    // An escape of anything but a control character, whose escape is canonical in this spelling: \u0001 is, \u00E9, \u003C and \u001F are not.
    [GeneratedRegex(@"\\u(?!00[01][0-9a-f])|\\/")]
    private static partial Regex NeedlessEscape();

    [GeneratedRegex("d2000000|d2ffffff|d300000000")]
    private static partial Regex WideInteger();
}

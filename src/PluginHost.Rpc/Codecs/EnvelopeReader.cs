using System.Text.Json;
using System.Text.Unicode;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>Finds the members of a message in one pass, in any order; the last of duplicates counts.</summary>
internal static class EnvelopeReader
{
    /// <summary>How deep a JSON message's arguments may nest before they cannot even be skipped; to be read they must nest less.</summary>
    private const int MaxJsonDepth = 512;

    /// <summary>How deep everything but the arguments may nest: nobody can be told that it is too deep, so the connection ends.</summary>
    private const int MaxMemberDepth = 64;

    /// <summary>Tells the codecs apart by the first byte: a MessagePack map never begins like JSON text.</summary>
    public static RpcCodec Detect(ReadOnlySpan<byte> frame) =>
        frame[0] is >= MessagePackCode.FixMap and < MessagePackCode.FixArray or MessagePackCode.Map16 or MessagePackCode.Map32
            ? RpcCodec.MessagePack
            : RpcCodec.Json;

    /// <summary>Refuses JSON that is no text.</summary>
    /// <exception cref="MalformedMessageException">It holds bytes that are not UTF-8.</exception>
    public static void CheckText(ReadOnlySpan<byte> frame)
    {
        if (!Utf8.IsValid(frame))
        {
            throw new MalformedMessageException(
                MessageFault.Parse, $"The message of {frame.Length} bytes holds bytes that are not UTF-8, which is required here.") { AnswerCode = RpcErrorCodes.Parse };
        }
    }

    /// <summary>Reads a message.</summary>
    /// <exception cref="MalformedMessageException">It is no message.</exception>
    public static Envelope Read(ReadOnlySpan<byte> frame, RpcCodec codec)
    {
        try
        {
            return codec == RpcCodec.MessagePack ? ReadMessagePack(frame) : ReadJson(frame);
        }
        catch (Exception e) when (e is ValueFormatException or JsonException or InvalidOperationException)
        {
            throw new MalformedMessageException(MessageFault.Parse, $"The message of {frame.Length} bytes is malformed: {e.Message}", e) { AnswerCode = RpcErrorCodes.Parse };
        }
    }

    private static Envelope ReadMessagePack(ReadOnlySpan<byte> frame)
    {
        Envelope envelope = new() { Inside = -1 };
        bool hasMethod = false;
        bool isMethodText = false;
        bool isErrorNull = false;
        MessagePackValueReader reader = new(frame);
        ValueScope map = reader.BeginMap();
        while (reader.NextName(ref map, out ReadOnlySpan<byte> name))
        {
            int start = reader.Position;
            switch (name.Length)
            {
                case 2 when name.SequenceEqual("id"u8):
                    ReadId(ref reader, frame, ref envelope);
                    break;
                case 6 when name.SequenceEqual("method"u8):
                    hasMethod = true;
                    isMethodText = reader.Peek() == ValueKind.String;
                    if (isMethodText)
                    {
                        int length = reader.ReadUtf8("a method's name").Length;
                        envelope.Method = new Slice(reader.Position - length, length);
                    }
                    else
                    {
                        reader.Skip();
                    }

                    break;
                case 6 when name.SequenceEqual("params"u8):
                    reader.Skip();
                    envelope.Params = new Slice(start, reader.Position - start);
                    break;
                case 6 when name.SequenceEqual("result"u8):
                    reader.SkipWithin(MaxMemberDepth);
                    envelope.Result = new Slice(start, reader.Position - start);
                    break;
                case 6 when name.SequenceEqual("inside"u8) && reader.Peek() == ValueKind.Number:
                    envelope.Inside = Math.Max(-1, (long)Math.Min(reader.ReadDouble(), long.MaxValue / 2));
                    break;
                case 5 when name.SequenceEqual("error"u8):
                    isErrorNull = reader.Peek() == ValueKind.Null;
                    reader.SkipWithin(MaxMemberDepth);
                    envelope.Error = new Slice(start, reader.Position - start);
                    break;
                case 7 when name.SequenceEqual("jsonrpc"u8) && reader.Peek() == ValueKind.String:
                    envelope.HasVersion = reader.ReadUtf8("a version").SequenceEqual("2.0"u8);
                    break;
                case 5 when name.SequenceEqual("chain"u8) && reader.Peek() == ValueKind.String:
                    reader.Skip();
                    envelope.Chain = new Slice(start, reader.Position - start);
                    break;
                case 11 when name.SequenceEqual("traceparent"u8):
                    reader.SkipWithin(MaxMemberDepth);
                    envelope.TraceParent = new Slice(start, reader.Position - start);
                    break;
                case 10 when name.SequenceEqual("tracestate"u8):
                    reader.SkipWithin(MaxMemberDepth);
                    envelope.TraceState = new Slice(start, reader.Position - start);
                    break;
                default:
                    reader.SkipWithin(MaxMemberDepth);
                    break;
            }
        }

        envelope.Classify(hasMethod, isMethodText, isErrorNull);
        return envelope;
    }

    private static void ReadId(ref MessagePackValueReader reader, ReadOnlySpan<byte> frame, ref Envelope envelope)
    {
        int start = reader.Position;
        ValueKind kind = reader.Peek();
        if (kind is not (ValueKind.Null or ValueKind.Number or ValueKind.String))
        {
            throw new MalformedMessageException(MessageFault.Protocol, "The message's 'id' is neither a number, a string nor null.") { AnswerCode = RpcErrorCodes.InvalidRequest };
        }

        // An unsigned 64-bit number is an id like any other up to 2^63: what is beyond, and floats, are only echoed.
        byte code = frame[start];
        bool isBeyond = code == MessagePackCode.UInt64 && frame.Length > start + 1 && frame[start + 1] > sbyte.MaxValue;
        if (kind == ValueKind.Number && !isBeyond && code is not (MessagePackCode.Float32 or MessagePackCode.Float64))
        {
            envelope.Id = reader.ReadInt64();
            SetId(ref envelope, IdKind.Integer, start, reader.Position - start);
            return;
        }

        reader.Skip();
        SetId(ref envelope, kind == ValueKind.Null ? IdKind.Null : IdKind.Raw, start, reader.Position - start);
    }

    private static Envelope ReadJson(ReadOnlySpan<byte> frame)
    {
        Envelope envelope = new() { Inside = -1 };
        bool hasMethod = false;
        bool isMethodText = false;
        bool isErrorNull = false;
        Utf8JsonReader reader = new(frame, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new MalformedMessageException(MessageFault.Protocol, "The message is no JSON object; batches are not taken.") { AnswerCode = RpcErrorCodes.InvalidRequest };
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8);
            bool isMethod = !isId && reader.ValueTextEquals("method"u8);
            bool isParams = !isId && reader.ValueTextEquals("params"u8);
            bool isResult = !isId && reader.ValueTextEquals("result"u8);
            bool isError = !isId && reader.ValueTextEquals("error"u8);
            bool isChain = !isId && reader.ValueTextEquals("chain"u8);
            bool isInside = !isId && reader.ValueTextEquals("inside"u8);
            bool isVersion = !isId && reader.ValueTextEquals("jsonrpc"u8);
            bool isTrace = reader.ValueSpan.StartsWith("trace"u8);
            bool isParent = isTrace && reader.ValueTextEquals("traceparent"u8);
            isTrace = isParent || (isTrace && reader.ValueTextEquals("tracestate"u8));
            reader.Read();
            JsonTokenType token = reader.TokenType;
            int start = (int)reader.TokenStartIndex;
            if (isId)
            {
                ReadId(ref reader, ref envelope, start);
            }
            else if (isMethod)
            {
                hasMethod = true;
                isMethodText = token == JsonTokenType.String;
                envelope.Method = new Slice(start + 1, isMethodText ? reader.ValueSpan.Length : 0);
                envelope.IsMethodEscaped = isMethodText && reader.ValueIsEscaped;
            }
            else if (isInside && token == JsonTokenType.Number && reader.TryGetInt64(out long inside))
            {
                envelope.Inside = Math.Max(-1, inside);
            }

            else if (isVersion)
            {
                envelope.HasVersion = token == JsonTokenType.String && reader.ValueTextEquals("2.0"u8);
            }

            if (isParams)
            {
                reader.Skip();
            }
            else
            {
                SkipMember(ref reader);
            }

            Slice value = new(start, (int)reader.BytesConsumed - start);
            if (isParams)
            {
                envelope.Params = value;
            }
            else if (isTrace)
            {
                envelope.TraceParent = isParent ? value : envelope.TraceParent;
                envelope.TraceState = isParent ? envelope.TraceState : value;
            }
            else if (isChain && token == JsonTokenType.String)
            {
                envelope.Chain = value;
            }
            else if (isResult)
            {
                envelope.Result = value;
            }
            else if (isError)
            {
                envelope.Error = value;
                isErrorNull = token == JsonTokenType.Null;
            }
        }

        // Reads to the end of the frame, so that what stands behind the object is an error.
        while (reader.Read())
        {
        }

        envelope.Classify(hasMethod, isMethodText, isErrorNull);
        return envelope;
    }

    private static void SkipMember(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return;
        }

        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            bool isDeeper = reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject;
            if (isDeeper && reader.CurrentDepth >= depth + MaxMemberDepth)
            {
                throw new MalformedMessageException(MessageFault.Limit, $"The message nests deeper than {MaxMemberDepth} levels outside its arguments.");
            }
        }
    }

    private static void ReadId(ref Utf8JsonReader reader, ref Envelope envelope, int start)
    {
        IdKind kind = reader.TokenType switch
        {
            JsonTokenType.Null => IdKind.Null,
            JsonTokenType.Number => reader.TryGetInt64(out envelope.Id) ? IdKind.Integer : IdKind.Raw,
            JsonTokenType.String => IdKind.Raw,
            _ => throw new MalformedMessageException(MessageFault.Protocol, "The message's 'id' is neither a number, a string nor null.") { AnswerCode = RpcErrorCodes.InvalidRequest },
        };
        SetId(ref envelope, kind, start, (int)reader.BytesConsumed - start);
    }

    private static void SetId(ref Envelope envelope, IdKind kind, int start, int length)
    {
        if (length > Envelope.MaxIdBytes)
        {
            throw new MalformedMessageException(
                MessageFault.Limit, $"The message's 'id' has {length} bytes; the limit is {Envelope.MaxIdBytes}.");
        }

        envelope.IdKind = kind;
        envelope.RawId = new Slice(start, length);
    }
}

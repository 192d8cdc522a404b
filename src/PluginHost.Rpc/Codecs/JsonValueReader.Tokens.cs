using System.Text;
using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <content>The tokens under the values.</content>
public ref partial struct JsonValueReader
{
    /// <summary>Moves to the next token; behind the last one the reader is at its end.</summary>
    private void Advance()
    {
        try
        {
            _isAtEnd = !_reader.Read();
        }
        catch (JsonException e)
        {
            throw new ValueFormatException($"Offset {_reader.BytesConsumed}: {e.Message}", e);
        }
    }

    private readonly void Expect(ValueKind kind, string expected)
    {
        if (_isAtEnd || Peek() != kind)
        {
            throw Unexpected(expected);
        }
    }

    /// <summary>Moves on and gives the value, or says what the token is not.</summary>
    private T Checked<T>(bool fits, T value, string expected)
    {
        if (!fits)
        {
            throw new ValueFormatException($"Offset {_reader.TokenStartIndex}: {Shown()} is not {expected}.");
        }

        Advance();
        return value;
    }

    private readonly PayloadSource Payloads =>
        _payloads ?? throw NoLeases.NoPayload((int)_reader.TokenStartIndex);

    /// <summary>Reads what a message holds in place of a large value: <c>{"$payload":[transfer,length]}</c>.</summary>
    private PayloadReference ReadReference()
    {
        ValueScope map = BeginMap();
        if (!NextName(ref map, out ReadOnlySpan<byte> name) || !name.SequenceEqual("$payload"u8))
        {
            throw Unexpected("bytes in base64");
        }

        ValueScope pair = BeginArray();
        NextElement(ref pair);
        long place = ReadInt64();
        NextElement(ref pair);
        PayloadReference reference = new(PayloadCarrier.Chunks, place, ReadInt64());
        if (NextElement(ref pair) || NextName(ref map, out _))
        {
            throw Unexpected("the end of a payload");
        }

        return reference;
    }

    /// <summary>Skips an array or a map, and gives back the large values that maps in it stand for.</summary>
    private void SkipScope()
    {
        if (Peek() == ValueKind.Array)
        {
            ValueScope array = BeginArray();
            while (NextElement(ref array))
            {
                Skip();
            }

            return;
        }

        ValueScope map = BeginMap();
        while (NextName(ref map, out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("$payload"u8) && Peek() == ValueKind.Array)
            {
                ValueScope pair = BeginArray();
                if (NextElement(ref pair) && Peek() == ValueKind.Number && _reader.TryGetInt64(out long transfer))
                {
                    _payloads!.Drop(new PayloadReference(PayloadCarrier.Chunks, transfer, 0));
                }

                while (NextElement(ref pair))
                {
                    Skip();
                }
            }
            else
            {
                Skip();
            }
        }
    }

    /// <summary>The text of a string as UTF-8: in place, or unescaped into a new array.</summary>
    private readonly ReadOnlySpan<byte> Text() => _reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(UnescapeText()) : _reader.ValueSpan;

    private readonly string UnescapeText()
    {
        ReadOnlySpan<byte> utf8 = _reader.ValueSpan;
        char[]? rented = utf8.Length <= 256 ? null : System.Buffers.ArrayPool<char>.Shared.Rent(utf8.Length);
        Span<char> text = rented ?? stackalloc char[256];
        text = text[..JsonText.Unescape(utf8, text)];
        JsonText.ReplaceLoneSurrogates(text);
        string value = new(text);
        if (rented is not null)
        {
            System.Buffers.ArrayPool<char>.Shared.Return(rented);
        }

        return value;
    }

    private readonly string Shown()
    {
        const int Longest = 40;
        string text = Encoding.UTF8.GetString(_reader.ValueSpan[..Math.Min(_reader.ValueSpan.Length, Longest)]);
        return _reader.TokenType == JsonTokenType.String ? $"\"{text}\"" : text;
    }

    private readonly ValueFormatException Unexpected(string expected) =>
        new($"Offset {_reader.TokenStartIndex}: found {(_isAtEnd ? "the end" : Name(_reader.TokenType))}, expected {expected}.");

    private static string Name(JsonTokenType token) => token switch
    {
        JsonTokenType.Null => "null",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        JsonTokenType.Number => "a number",
        JsonTokenType.String => "a string",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "a map",
        JsonTokenType.PropertyName => "a member's name",
        _ => "the end of an array or a map",
    };
}

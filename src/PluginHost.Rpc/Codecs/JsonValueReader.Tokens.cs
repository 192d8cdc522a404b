using System.Text;
using System.Text.Json;
using PluginHost.Contracts.Invocation;

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

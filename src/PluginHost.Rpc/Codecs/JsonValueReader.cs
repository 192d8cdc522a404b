using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>Reads one JSON value in UTF-8. The reader stands at the first token of the next value. Not thread-safe.</summary>
public ref partial struct JsonValueReader : IValueReader
{
    /// <summary>How deep arrays and maps may nest: 64.</summary>
    public const int MaxDepth = 64;

    private readonly Leases? _leases;
    private readonly PayloadSource? _payloads;
    private Utf8JsonReader _reader;
    private bool _isAtEnd;

    /// <summary>Creates a reader.</summary>
    /// <param name="utf8">The value, with nothing behind it but blanks; must stay unchanged while it is read.</param>
    /// <param name="leases">Reads what stays with its owner; null where there is none.</param>
    /// <exception cref="ValueFormatException">There is no value.</exception>
    public JsonValueReader(ReadOnlySpan<byte> utf8, Leases? leases = null)
    {
        _leases = leases;
        _reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        Advance();
        if (_isAtEnd)
        {
            throw Unexpected("a value");
        }
    }

    /// <summary>Creates one that also reads what travelled beside the message.</summary>
    internal JsonValueReader(ReadOnlySpan<byte> utf8, Leases? leases, PayloadSource? payloads)
        : this(utf8, leases) => _payloads = payloads;

    /// <inheritdoc/>
    public readonly Leases Leases => _leases ?? throw NoLeases.Here();

    /// <inheritdoc/>
    public readonly ValueKind Peek() => _isAtEnd ? throw Unexpected("a value") : _reader.TokenType switch
    {
        JsonTokenType.Null => ValueKind.Null,
        JsonTokenType.True or JsonTokenType.False => ValueKind.Boolean,
        JsonTokenType.Number => ValueKind.Number,
        JsonTokenType.String => ValueKind.String,
        JsonTokenType.StartArray => ValueKind.Array,
        JsonTokenType.StartObject => ValueKind.Map,
        _ => throw Unexpected("a value"),
    };

    /// <inheritdoc/>
    public bool TryReadNull()
    {
        if (Peek() != ValueKind.Null)
        {
            return false;
        }

        Advance();
        return true;
    }

    /// <inheritdoc/>
    public bool ReadBoolean()
    {
        Expect(ValueKind.Boolean, "a boolean");
        bool value = _reader.TokenType == JsonTokenType.True;
        Advance();
        return value;
    }

    /// <inheritdoc/>
    public long ReadInt64()
    {
        Expect(ValueKind.Number, "an integer");
        bool fits = _reader.TryGetInt64(out long value);
        return Checked(fits, value, "a signed 64-bit integer");
    }

    /// <inheritdoc/>
    public ulong ReadUInt64()
    {
        Expect(ValueKind.Number, "an integer");
        bool fits = _reader.TryGetUInt64(out ulong value);
        return Checked(fits, value, "an unsigned 64-bit integer");
    }

    /// <inheritdoc/>
    public int ReadInt32()
    {
        Expect(ValueKind.Number, "an integer");
        bool fits = _reader.TryGetInt32(out int value);
        return Checked(fits, value, "a 32-bit integer");
    }

    /// <inheritdoc/>
    public float ReadSingle()
    {
        Expect(ValueKind.Number, "a number");
        bool fits = _reader.TryGetSingle(out float value) && float.IsFinite(value);
        return Checked(fits, value, "a 32-bit float");
    }

    /// <inheritdoc/>
    public double ReadDouble()
    {
        Expect(ValueKind.Number, "a number");
        bool fits = _reader.TryGetDouble(out double value) && double.IsFinite(value);
        return Checked(fits, value, "a 64-bit float");
    }

    /// <inheritdoc/>
    public decimal ReadDecimal()
    {
        Expect(ValueKind.Number, "a decimal");
        bool fits = _reader.TryGetDecimal(out decimal value);
        return Checked(fits, value, "a decimal");
    }

    /// <inheritdoc/>
    public string? ReadString()
    {
        if (TryReadNull())
        {
            return null;
        }

        Expect(ValueKind.String, "a string");
        string value = _reader.ValueIsEscaped ? UnescapeText() : Encoding.UTF8.GetString(_reader.ValueSpan);
        Advance();
        return value;
    }

    /// <inheritdoc/>
    public char ReadChar()
    {
        Expect(ValueKind.String, "a character");
        ReadOnlySpan<byte> utf8 = _reader.ValueSpan;
        Span<char> text = stackalloc char[6];
        int length = utf8.Length switch
        {
            > 6 => 0,
            _ when _reader.ValueIsEscaped => JsonText.Unescape(utf8, text),
            _ => Encoding.UTF8.GetChars(utf8, text),
        };
        return Checked(length == 1, text[0], "one character");
    }

    /// <inheritdoc/>
    public byte[]? ReadBinary()
    {
        if (TryReadNull())
        {
            return null;
        }

        return Peek() == ValueKind.Map ? Payloads.Copy(ReadReference()) : ReadBase64();
    }

    /// <inheritdoc/>
    public Memory<byte> ReadMemory() => Peek() == ValueKind.Map ? Payloads.Borrow(ReadReference()) : ReadBase64();

    /// <inheritdoc/>
    public IMemoryOwner<byte>? ReadMemoryOwner()
    {
        if (TryReadNull())
        {
            return null;
        }

        return Peek() == ValueKind.Map ? Payloads.Own(ReadReference()) : new OwnedMemory(ReadBase64());
    }

    private byte[] ReadBase64()
    {
        Expect(ValueKind.String, "bytes in base64");
        ReadOnlySpan<byte> utf8 = Text();
        int padding = utf8.EndsWith("=="u8) ? 2 : utf8.EndsWith("="u8) ? 1 : 0;
        byte[] value = new byte[Math.Max(0, (utf8.Length / 4 * 3) - padding)];
        bool isBase64 = utf8.Length % 4 == 0 && Base64.DecodeFromUtf8(utf8, value, out _, out int written) == OperationStatus.Done
            && written == value.Length;
        return Checked(isBase64, value, "bytes in base64");
    }

    /// <inheritdoc/>
    public Guid ReadGuid()
    {
        Expect(ValueKind.String, "a Guid");
        ReadOnlySpan<byte> utf8 = Text();
        bool isGuid = Utf8Parser.TryParse(utf8, out Guid value, out int consumed) && consumed == utf8.Length;
        return Checked(isGuid, value, "a Guid");
    }

    /// <inheritdoc/>
    public DateTime ReadDateTime()
    {
        Expect(ValueKind.String, "a date and time");
        bool isTime = _reader.TryGetDateTime(out DateTime value);
        return Checked(isTime, value, "a date and time in ISO 8601");
    }

    /// <inheritdoc/>
    public DateTimeOffset ReadDateTimeOffset()
    {
        Expect(ValueKind.String, "a date and time");
        bool isTime = _reader.TryGetDateTimeOffset(out DateTimeOffset value);
        return Checked(isTime, value, "a date and time with its offset in ISO 8601");
    }

    /// <inheritdoc/>
    public TimeSpan ReadTimeSpan()
    {
        Expect(ValueKind.String, "a duration");
        ReadOnlySpan<byte> utf8 = Text();
        bool isSpan = Utf8Parser.TryParse(utf8, out TimeSpan value, out int consumed, 'c') && consumed == utf8.Length;
        return Checked(isSpan, value, "a duration such as 00:01:30");
    }

    /// <inheritdoc/>
    public ValueScope BeginArray()
    {
        Expect(ValueKind.Array, "an array");
        Advance();
        return new ValueScope { Remaining = -1 };
    }

    /// <inheritdoc/>
    public bool NextElement(ref ValueScope scope)
    {
        if (_reader.TokenType != JsonTokenType.EndArray)
        {
            return true;
        }

        Advance();
        return false;
    }

    /// <inheritdoc/>
    public ValueScope BeginMap()
    {
        Expect(ValueKind.Map, "a map");
        Advance();
        return new ValueScope { Remaining = -1 };
    }

    /// <inheritdoc/>
    public bool NextName(ref ValueScope scope, out ReadOnlySpan<byte> utf8Name)
    {
        if (_reader.TokenType != JsonTokenType.PropertyName)
        {
            utf8Name = default;
            Advance();
            return false;
        }

        utf8Name = _reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(UnescapeText()) : _reader.ValueSpan;
        Advance();
        return true;
    }

    /// <inheritdoc/>
    public void Skip()
    {
        if (_payloads is not null && Peek() is ValueKind.Map or ValueKind.Array)
        {
            SkipScope();
            return;
        }

        Peek();
        int depth = _reader.CurrentDepth;
        bool isScope = _reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject;
        Advance();
        if (!isScope)
        {
            return;
        }

        while (_reader.CurrentDepth > depth)
        {
            Advance();
        }

        Advance();
    }
}

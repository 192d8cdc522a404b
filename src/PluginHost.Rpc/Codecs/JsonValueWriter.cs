using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>Writes values as compact JSON in UTF-8. Not thread-safe; allocates nothing.</summary>
/// <param name="output">Where to write; the caller keeps it.</param>
/// <param name="leases">Writes what stays with its owner; null where there is none.</param>
public ref struct JsonValueWriter(OutputBuffer output, Leases? leases = null) : IValueWriter
{
    /// <summary>How deep arrays and maps may nest: 64.</summary>
    public const int MaxDepth = 64;

    private const int LongestNumber = 40;
    private readonly OutputBuffer _output = output;
    private readonly Leases? _leases = leases;
    private int _depth;
    private bool _needsComma;

    /// <inheritdoc/>
    public readonly Leases Leases => _leases ?? throw NoLeases.Here();

    /// <inheritdoc/>
    public void WriteNull() => WriteToken("null"u8);

    /// <inheritdoc/>
    public void WriteBoolean(bool value) => WriteToken(value ? "true"u8 : "false"u8);

    /// <inheritdoc/>
    public void WriteInt64(long value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, _output.Free(LongestNumber), out int written);
        _output.Advance(written);
    }

    /// <inheritdoc/>
    public void WriteUInt64(ulong value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, _output.Free(LongestNumber), out int written);
        _output.Advance(written);
    }

    /// <inheritdoc/>
    public void WriteSingle(float value)
    {
        RefuseUnlessFinite(float.IsFinite(value), value);
        Separate();
        value.TryFormat(_output.Free(LongestNumber), out int written, default, CultureInfo.InvariantCulture);
        _output.Advance(written);
    }

    /// <inheritdoc/>
    public void WriteDouble(double value)
    {
        RefuseUnlessFinite(double.IsFinite(value), value);
        Separate();
        value.TryFormat(_output.Free(LongestNumber), out int written, default, CultureInfo.InvariantCulture);
        _output.Advance(written);
    }

    /// <inheritdoc/>
    public void WriteDecimal(decimal value)
    {
        Separate();
        value.TryFormat(_output.Free(LongestNumber), out int written, default, CultureInfo.InvariantCulture);
        _output.Advance(written);
    }

    /// <inheritdoc/>
    public void WriteString(string? value)
    {
        if (value is null)
        {
            WriteNull();
            return;
        }

        Separate();
        JsonText.Write(_output, value);
    }

    /// <inheritdoc/>
    public void WriteChar(char value)
    {
        Separate();
        if (!char.IsSurrogate(value))
        {
            JsonText.Write(_output, new ReadOnlySpan<char>(in value));
            return;
        }

        // Half of a pair is a character of .NET and no text: only the escape keeps it.
        Span<byte> free = _output.Free(8);
        "\"\\u"u8.CopyTo(free);
        Utf8Formatter.TryFormat(value, free[3..], out _, new StandardFormat('x', 4));
        free[7] = (byte)'"';
        _output.Advance(8);
    }

    /// <inheritdoc/>
    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        if (value.Length > PayloadSink.AlwaysInline && _output.Payloads is { } payloads
            && payloads.TryPlace(value, _output, isText: true, out PayloadReference reference))
        {
            BeginMap(1);
            WriteName("$payload"u8);
            BeginArray(2);
            WriteInt64(reference.Place);
            WriteInt64(reference.Length);
            EndArray();
            EndMap();
            return;
        }

        Separate();
        _output.WriteByte((byte)'"');
        Base64.EncodeToUtf8(value, _output.Free(Base64.GetMaxEncodedToUtf8Length(value.Length)), out _, out int written);
        _output.Advance(written);
        _output.WriteByte((byte)'"');
    }

    /// <inheritdoc/>
    public void WriteGuid(Guid value) => WriteFormatted(value, default);

    /// <inheritdoc/>
    public void WriteDateTime(DateTime value) => WriteFormatted(value, "O");

    /// <inheritdoc/>
    public void WriteDateTimeOffset(DateTimeOffset value) => WriteFormatted(value, "O");

    /// <inheritdoc/>
    public void WriteTimeSpan(TimeSpan value) => WriteFormatted(value, "c");

    /// <inheritdoc/>
    public void BeginArray(int count) => Begin((byte)'[');

    /// <inheritdoc/>
    public void EndArray() => End((byte)']');

    /// <inheritdoc/>
    public void BeginMap(int count) => Begin((byte)'{');

    /// <inheritdoc/>
    public void EndMap() => End((byte)'}');

    /// <inheritdoc/>
    public void WriteName(ReadOnlySpan<byte> utf8Name)
    {
        Separate();
        Span<byte> free = _output.Free(utf8Name.Length + 3);
        free[0] = (byte)'"';
        utf8Name.CopyTo(free[1..]);
        free[utf8Name.Length + 1] = (byte)'"';
        free[utf8Name.Length + 2] = (byte)':';
        _output.Advance(utf8Name.Length + 3);
        _needsComma = false;
    }

    /// <inheritdoc/>
    public void WriteKey(string key)
    {
        Separate();
        JsonText.Write(_output, key);
        _output.WriteByte((byte)':');
        _needsComma = false;
    }

    private static void RefuseUnlessFinite(bool isFinite, double value)
    {
        if (!isFinite)
        {
            throw new ValueFormatException(string.Create(
                CultureInfo.InvariantCulture, $"JSON cannot hold the number {value}; use the MessagePack codec, or a nullable number."));
        }
    }

    private void WriteFormatted<T>(T value, ReadOnlySpan<char> format)
        where T : IUtf8SpanFormattable
    {
        Separate();
        Span<byte> free = _output.Free(LongestNumber + 2);
        free[0] = (byte)'"';
        value.TryFormat(free[1..], out int written, format, CultureInfo.InvariantCulture);
        free[written + 1] = (byte)'"';
        _output.Advance(written + 2);
    }

    private void WriteToken(ReadOnlySpan<byte> token)
    {
        Separate();
        _output.Write(token);
    }

    /// <summary>Writes the comma before every value of an array and every name but the first.</summary>
    private void Separate()
    {
        if (_needsComma)
        {
            _output.WriteByte((byte)',');
        }

        _needsComma = true;
    }

    private void Begin(byte bracket)
    {
        if (++_depth > MaxDepth)
        {
            throw new ValueFormatException($"The value nests deeper than {MaxDepth} levels.");
        }

        Separate();
        _output.WriteByte(bracket);
        _needsComma = false;
    }

    private void End(byte bracket)
    {
        _depth--;
        _output.WriteByte(bracket);
        _needsComma = true;
    }
}

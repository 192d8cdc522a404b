using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>Writes values as MessagePack, each in its shortest form. Not thread-safe; allocates nothing.</summary>
/// <param name="output">Where to write; the caller keeps it.</param>
/// <param name="leases">Writes what stays with its owner; null where there is none.</param>
public ref partial struct MessagePackValueWriter(OutputBuffer output, Leases? leases = null) : IValueWriter
{
    /// <summary>How deep arrays and maps may nest: 64.</summary>
    public const int MaxDepth = 64;

    private readonly OutputBuffer _output = output;
    private readonly Leases? _leases = leases;
    private int _depth;

    /// <inheritdoc/>
    public readonly Leases Leases => _leases ?? throw NoLeases.Here();

    /// <inheritdoc/>
    public void WriteNull() => _output.WriteByte(MessagePackCode.Nil);

    /// <inheritdoc/>
    public void WriteBoolean(bool value) => _output.WriteByte(value ? MessagePackCode.True : MessagePackCode.False);

    /// <inheritdoc/>
    public void WriteInt64(long value)
    {
        if (value >= 0)
        {
            WriteUInt64((ulong)value);
            return;
        }

        Span<byte> free = _output.Free(9);
        switch (value)
        {
            case >= -32:
                free[0] = (byte)value;
                _output.Advance(1);
                break;
            case >= sbyte.MinValue:
                free[0] = MessagePackCode.Int8;
                free[1] = (byte)value;
                _output.Advance(2);
                break;
            case >= short.MinValue:
                free[0] = MessagePackCode.Int16;
                BinaryPrimitives.WriteInt16BigEndian(free[1..], (short)value);
                _output.Advance(3);
                break;
            case >= int.MinValue:
                free[0] = MessagePackCode.Int32;
                BinaryPrimitives.WriteInt32BigEndian(free[1..], (int)value);
                _output.Advance(5);
                break;
            default:
                free[0] = MessagePackCode.Int64;
                BinaryPrimitives.WriteInt64BigEndian(free[1..], value);
                _output.Advance(9);
                break;
        }
    }

    /// <inheritdoc/>
    public void WriteUInt64(ulong value)
    {
        Span<byte> free = _output.Free(9);
        switch (value)
        {
            case < MessagePackCode.FixMap:
                free[0] = (byte)value;
                _output.Advance(1);
                break;
            case <= byte.MaxValue:
                free[0] = MessagePackCode.UInt8;
                free[1] = (byte)value;
                _output.Advance(2);
                break;
            case <= ushort.MaxValue:
                free[0] = MessagePackCode.UInt16;
                BinaryPrimitives.WriteUInt16BigEndian(free[1..], (ushort)value);
                _output.Advance(3);
                break;
            case <= uint.MaxValue:
                free[0] = MessagePackCode.UInt32;
                BinaryPrimitives.WriteUInt32BigEndian(free[1..], (uint)value);
                _output.Advance(5);
                break;
            default:
                free[0] = MessagePackCode.UInt64;
                BinaryPrimitives.WriteUInt64BigEndian(free[1..], value);
                _output.Advance(9);
                break;
        }
    }

    /// <inheritdoc/>
    public void WriteSingle(float value)
    {
        Span<byte> free = _output.Free(5);
        free[0] = MessagePackCode.Float32;
        BinaryPrimitives.WriteSingleBigEndian(free[1..], value);
        _output.Advance(5);
    }

    /// <inheritdoc/>
    public void WriteDouble(double value)
    {
        Span<byte> free = _output.Free(9);
        free[0] = MessagePackCode.Float64;
        BinaryPrimitives.WriteDoubleBigEndian(free[1..], value);
        _output.Advance(9);
    }

    /// <inheritdoc/>
    public void WriteDecimal(decimal value)
    {
        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out int written, default, CultureInfo.InvariantCulture);
        WriteUtf8(text[..written]);
    }

    /// <inheritdoc/>
    public void WriteString(string? value)
    {
        if (value is null)
        {
            WriteNull();
            return;
        }

        if (value.Length <= 10)
        {
            // At most 30 bytes: the short header fits whatever the characters are.
            Span<byte> free = _output.Free(1 + 30);
            int written = Encoding.UTF8.GetBytes(value, free[1..]);
            free[0] = (byte)(MessagePackCode.FixString | written);
            _output.Advance(1 + written);
            return;
        }

        int count = Encoding.UTF8.GetByteCount(value);
        WriteStringHeader(count);
        _output.Advance(Encoding.UTF8.GetBytes(value, _output.Free(count)));
    }

    /// <inheritdoc/>
    public void WriteChar(char value) => WriteUInt64(value);

    /// <inheritdoc/>
    public void WriteBinary(ReadOnlySpan<byte> value)
    {
        if (value.Length > PayloadSink.AlwaysInline && _output.Payloads is { } payloads
            && payloads.TryPlace(value, _output, isText: false, out PayloadReference reference))
        {
            WriteReference(reference);
            return;
        }

        Span<byte> free = _output.Free(5);
        switch (value.Length)
        {
            case <= byte.MaxValue:
                free[0] = MessagePackCode.Bin8;
                free[1] = (byte)value.Length;
                _output.Advance(2);
                break;
            case <= ushort.MaxValue:
                free[0] = MessagePackCode.Bin16;
                BinaryPrimitives.WriteUInt16BigEndian(free[1..], (ushort)value.Length);
                _output.Advance(3);
                break;
            default:
                free[0] = MessagePackCode.Bin32;
                BinaryPrimitives.WriteInt32BigEndian(free[1..], value.Length);
                _output.Advance(5);
                break;
        }

        _output.Write(value);
    }

    /// <inheritdoc/>
    public void WriteGuid(Guid value)
    {
        Span<byte> text = stackalloc byte[36];
        value.TryFormat(text, out int written);
        WriteUtf8(text[..written]);
    }

    /// <inheritdoc/>
    public void WriteDateTime(DateTime value)
    {
        if (value.Kind == DateTimeKind.Utc)
        {
            WriteTimestamp(value.Ticks);
            return;
        }

        BeginArray(2);
        WriteTimestamp(value.Ticks);
        WriteUInt64((ulong)value.Kind);
        EndArray();
    }

    /// <inheritdoc/>
    public void WriteDateTimeOffset(DateTimeOffset value)
    {
        BeginArray(2);
        WriteTimestamp(value.Ticks);
        WriteInt64(value.Offset.Ticks / TimeSpan.TicksPerMinute);
        EndArray();
    }

    /// <inheritdoc/>
    public void WriteTimeSpan(TimeSpan value) => WriteInt64(value.Ticks);

    /// <inheritdoc/>
    public void BeginArray(int count) => WriteHeader(count, MessagePackCode.FixArray, MessagePackCode.Array16);

    /// <inheritdoc/>
    public void EndArray() => _depth--;

    /// <inheritdoc/>
    public void BeginMap(int count) => WriteHeader(count, MessagePackCode.FixMap, MessagePackCode.Map16);

    /// <inheritdoc/>
    public void EndMap() => _depth--;

    /// <inheritdoc/>
    public void WriteName(ReadOnlySpan<byte> utf8Name) => WriteUtf8(utf8Name);

    /// <inheritdoc/>
    public void WriteKey(string key) => WriteString(key);
}

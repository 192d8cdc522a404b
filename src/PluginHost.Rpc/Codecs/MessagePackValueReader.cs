using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <summary>
/// Reads MessagePack values. Every declared length and count is checked against the bytes that are left before anything is allocated.
/// Not thread-safe. Trailing bytes are not looked at.
/// </summary>
/// <param name="bytes">The values; must stay unchanged while they are read.</param>
/// <param name="leases">Reads what stays with its owner; null where there is none.</param>
public ref partial struct MessagePackValueReader(ReadOnlySpan<byte> bytes, Leases? leases = null) : IValueReader
{
    /// <summary>How deep arrays and maps may nest: 64.</summary>
    public const int MaxDepth = 64;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly Leases? _leases = leases;
    private readonly PayloadSource? _payloads;
    private int _at;
    private int _depth;

    /// <summary>Creates one that also reads what travelled beside the message.</summary>
    internal MessagePackValueReader(ReadOnlySpan<byte> bytes, Leases? leases, PayloadSource? payloads)
        : this(bytes, leases) => _payloads = payloads;

    /// <summary>How many bytes have been read.</summary>
    internal readonly int Position => _at;

    /// <inheritdoc/>
    public readonly Leases Leases => _leases ?? throw NoLeases.Here();

    /// <inheritdoc/>
    public readonly ValueKind Peek()
    {
        byte code = PeekCode("a value");
        return code switch
        {
            MessagePackCode.Nil => ValueKind.Null,
            MessagePackCode.False or MessagePackCode.True => ValueKind.Boolean,
            < MessagePackCode.FixMap or >= MessagePackCode.NegativeFixInt => ValueKind.Number,
            >= MessagePackCode.Float32 and <= MessagePackCode.Int64 => ValueKind.Number,
            < MessagePackCode.FixArray or MessagePackCode.Map16 or MessagePackCode.Map32 => ValueKind.Map,
            < MessagePackCode.FixString or MessagePackCode.Array16 or MessagePackCode.Array32 => ValueKind.Array,
            < MessagePackCode.Nil or MessagePackCode.String8 or MessagePackCode.String16 or MessagePackCode.String32 => ValueKind.String,
            MessagePackCode.Bin8 or MessagePackCode.Bin16 or MessagePackCode.Bin32 => ValueKind.Binary,
            _ => ValueKind.Other,
        };
    }

    /// <inheritdoc/>
    public bool TryReadNull()
    {
        if (PeekCode("a value") != MessagePackCode.Nil)
        {
            return false;
        }

        _at++;
        return true;
    }

    /// <inheritdoc/>
    public bool ReadBoolean()
    {
        byte code = PeekCode("a boolean");
        if (code is not (MessagePackCode.True or MessagePackCode.False))
        {
            throw Unexpected("a boolean");
        }

        _at++;
        return code == MessagePackCode.True;
    }

    /// <inheritdoc/>
    public long ReadInt64()
    {
        int start = _at;
        if (ReadInteger("an integer", out ulong value) || value <= long.MaxValue)
        {
            return (long)value;
        }

        throw new ValueFormatException($"Offset {start}: {value} does not fit a signed 64-bit integer.");
    }

    /// <inheritdoc/>
    public ulong ReadUInt64()
    {
        int start = _at;
        if (!ReadInteger("an integer", out ulong value))
        {
            return value;
        }

        throw new ValueFormatException($"Offset {start}: {(long)value} does not fit an unsigned integer.");
    }

    /// <inheritdoc/>
    public int ReadInt32()
    {
        if (_at < _bytes.Length && _bytes[_at] < MessagePackCode.FixMap)
        {
            return _bytes[_at++];
        }

        int start = _at;
        long value = ReadInt64();
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new ValueFormatException($"Offset {start}: {value} does not fit a 32-bit integer.");
    }

    /// <inheritdoc/>
    public float ReadSingle() => (float)ReadDouble();

    /// <inheritdoc/>
    public double ReadDouble()
    {
        switch (PeekCode("a number"))
        {
            case MessagePackCode.Float32:
                return BinaryPrimitives.ReadSingleBigEndian(Take(1 + 4, "a float")[1..]);
            case MessagePackCode.Float64:
                return BinaryPrimitives.ReadDoubleBigEndian(Take(1 + 8, "a float")[1..]);
            default:
                return ReadInteger("a number", out ulong value) ? (long)value : value;
        }
    }

    /// <inheritdoc/>
    public decimal ReadDecimal()
    {
        if (Peek() == ValueKind.Number)
        {
            int at = _at;
            if (PeekCode("a decimal") is not (MessagePackCode.Float32 or MessagePackCode.Float64))
            {
                return ReadInteger("a decimal", out ulong integer) ? (long)integer : integer;
            }

            double value = ReadDouble();
            return Math.Abs(value) < 7.9e28 ? (decimal)value : throw new ValueFormatException($"Offset {at}: {value} does not fit a decimal.");
        }

        int start = _at;
        return decimal.TryParse(ReadUtf8("a decimal"), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal parsed)
            ? parsed
            : throw new ValueFormatException($"Offset {start}: the string is no decimal.");
    }

    /// <inheritdoc/>
    public string? ReadString() => TryReadNull() ? null : Encoding.UTF8.GetString(ReadUtf8("a string"));

    /// <inheritdoc/>
    public char ReadChar()
    {
        int start = _at;
        long value = ReadInt64();
        return value is >= char.MinValue and <= char.MaxValue
            ? (char)value
            : throw new ValueFormatException($"Offset {start}: {value} does not fit a character.");
    }

    /// <inheritdoc/>
    public byte[]? ReadBinary()
    {
        if (TryReadNull())
        {
            return null;
        }

        return TryReadReference(out PayloadReference reference) ? Payloads.Copy(reference) : ReadBytes().ToArray();
    }

    /// <inheritdoc/>
    public Memory<byte> ReadMemory() =>
        TryReadReference(out PayloadReference reference) ? Payloads.Borrow(reference) : ReadBytes().ToArray();

    /// <inheritdoc/>
    public IMemoryOwner<byte>? ReadMemoryOwner()
    {
        if (TryReadNull())
        {
            return null;
        }

        return TryReadReference(out PayloadReference reference) ? Payloads.Own(reference) : new OwnedMemory(ReadBytes().ToArray());
    }

    /// <inheritdoc/>
    public Guid ReadGuid()
    {
        int start = _at;
        ReadOnlySpan<byte> text = ReadUtf8("a Guid");
        return Utf8Parser.TryParse(text, out Guid value, out int consumed) && consumed == text.Length
            ? value
            : throw new ValueFormatException($"Offset {start}: the string is no Guid.");
    }

    /// <inheritdoc/>
    public DateTime ReadDateTime()
    {
        if (Peek() != ValueKind.Array)
        {
            return new DateTime(ReadTimestamp(), DateTimeKind.Utc);
        }

        int start = _at;
        ValueScope pair = BeginPair("a date and time");
        long ticks = ReadTimestamp();
        int kind = ReadInt32();
        EndPair(ref pair);
        return kind is >= 0 and <= (int)DateTimeKind.Local
            ? new DateTime(ticks, (DateTimeKind)kind)
            : throw new ValueFormatException($"Offset {start}: {kind} is no kind of date and time; expected 0, 1 or 2.");
    }

    /// <inheritdoc/>
    public DateTimeOffset ReadDateTimeOffset()
    {
        int start = _at;
        ValueScope pair = BeginPair("a date and time with its offset");
        long ticks = ReadTimestamp();
        long minutes = ReadInt64();
        EndPair(ref pair);
        long utc = ticks - (minutes is >= -14 * 60 and <= 14 * 60 ? minutes * TimeSpan.TicksPerMinute : long.MaxValue / 2);
        return utc is >= 0 && utc <= DateTime.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.FromMinutes(minutes))
            : throw new ValueFormatException($"Offset {start}: an offset of {minutes} minutes does not fit; expected -840 to 840.");
    }

    /// <inheritdoc/>
    public TimeSpan ReadTimeSpan() => new(ReadInt64());

    /// <inheritdoc/>
    public ValueScope BeginArray()
    {
        int count = PeekCode("an array") switch
        {
            >= MessagePackCode.FixArray and < MessagePackCode.FixString => Take(1, "an array")[0] & 0x0f,
            MessagePackCode.Array16 => BinaryPrimitives.ReadUInt16BigEndian(Take(3, "an array")[1..]),
            MessagePackCode.Array32 => Length32("an array"),
            _ => throw Unexpected("an array"),
        };
        return Begin(count, 1);
    }

    /// <inheritdoc/>
    public bool NextElement(ref ValueScope scope)
    {
        if (scope.Remaining == 0)
        {
            _depth--;
            return false;
        }

        scope.Remaining--;
        return true;
    }

    /// <inheritdoc/>
    public ValueScope BeginMap()
    {
        int count = PeekCode("a map") switch
        {
            >= MessagePackCode.FixMap and < MessagePackCode.FixArray => Take(1, "a map")[0] & 0x0f,
            MessagePackCode.Map16 => BinaryPrimitives.ReadUInt16BigEndian(Take(3, "a map")[1..]),
            MessagePackCode.Map32 => Length32("a map"),
            _ => throw Unexpected("a map"),
        };
        return Begin(count, 2);
    }

    /// <inheritdoc/>
    public bool NextName(ref ValueScope scope, out ReadOnlySpan<byte> utf8Name)
    {
        if (scope.Remaining == 0)
        {
            _depth--;
            utf8Name = default;
            return false;
        }

        scope.Remaining--;
        utf8Name = ReadUtf8("a member's name");
        return true;
    }
}

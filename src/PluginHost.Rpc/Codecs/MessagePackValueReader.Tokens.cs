using System.Buffers.Binary;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <content>The tokens under the values: headers, lengths, integers, skipping.</content>
public ref partial struct MessagePackValueReader
{
    /// <inheritdoc/>
    public void Skip()
    {
        // A counter in place of recursion: a hostile depth costs no stack.
        long left = 1;
        while (left > 0)
        {
            left--;
            byte code = PeekCode("a value");
            switch (code)
            {
                case < MessagePackCode.FixMap or >= MessagePackCode.NegativeFixInt:
                case MessagePackCode.Nil or MessagePackCode.False or MessagePackCode.True:
                    _at++;
                    break;
                case < MessagePackCode.FixString or (>= MessagePackCode.Array16 and <= MessagePackCode.Map32):
                    bool isMap = code < MessagePackCode.FixArray || code >= MessagePackCode.Map16;
                    ValueScope scope = isMap ? BeginMap() : BeginArray();
                    _depth--;
                    left += isMap ? 2L * scope.Remaining : scope.Remaining;
                    break;
                case < MessagePackCode.Nil or (>= MessagePackCode.String8 and <= MessagePackCode.String32):
                    ReadUtf8("a string");
                    break;
                default:
                    SkipFixedOrCounted(code);
                    break;
            }
        }
    }

    /// <summary>Skips a value that nests at most as deep as is said.</summary>
    /// <exception cref="MalformedMessageException">It nests deeper.</exception>
    internal void SkipWithin(int depth)
    {
        if (Peek() is not (ValueKind.Array or ValueKind.Map))
        {
            Skip();
            return;
        }

        Span<long> left = stackalloc long[depth + 1];
        int level = 0;
        left[0] = 1;
        while (level >= 0)
        {
            if (left[level]-- == 0)
            {
                level--;
                continue;
            }

            ValueKind kind = Peek();
            if (kind is not (ValueKind.Array or ValueKind.Map))
            {
                Skip();
                continue;
            }

            if (++level > depth)
            {
                throw new MalformedMessageException(MessageFault.Limit, $"The message nests deeper than {depth} levels outside its arguments.");
            }

            ValueScope scope = kind == ValueKind.Map ? BeginMap() : BeginArray();
            _depth--;
            left[level] = kind == ValueKind.Map ? 2L * scope.Remaining : scope.Remaining;
        }
    }

    /// <summary>Reads a string's bytes in place.</summary>
    internal ReadOnlySpan<byte> ReadUtf8(string expected)
    {
        byte code = PeekCode(expected);
        int length = code switch
        {
            >= MessagePackCode.FixString and < MessagePackCode.Nil => Take(1, expected)[0] & 0x1f,
            MessagePackCode.String8 => Take(2, expected)[1],
            MessagePackCode.String16 => BinaryPrimitives.ReadUInt16BigEndian(Take(3, expected)[1..]),
            MessagePackCode.String32 => Length32(expected),
            _ => throw Unexpected(expected),
        };
        return Take(length, expected);
    }

    private readonly PayloadSource Payloads => _payloads ?? throw NoLeases.NoPayload(_at);

    /// <summary>Reads bytes in place.</summary>
    internal ReadOnlySpan<byte> ReadBytes()
    {
        int length = PeekCode("bytes") switch
        {
            MessagePackCode.Bin8 => Take(2, "bytes")[1],
            MessagePackCode.Bin16 => BinaryPrimitives.ReadUInt16BigEndian(Take(3, "bytes")[1..]),
            MessagePackCode.Bin32 => Length32("bytes"),
            _ => throw Unexpected("bytes"),
        };
        return Take(length, "bytes");
    }

    /// <summary>Reads what a message holds in place of a large value; false, with nothing read, where there is something else.</summary>
    private bool TryReadReference(out PayloadReference reference)
    {
        reference = default;
        if (_bytes.Length - _at < 18 || _bytes[_at] != MessagePackCode.FixExt16
            || _bytes[_at + 1] is not (MessagePackCode.SharedPayload or MessagePackCode.ChunkedPayload))
        {
            return false;
        }

        ReadOnlySpan<byte> found = Take(18, "a payload");
        reference = new PayloadReference(
            found[1] == MessagePackCode.SharedPayload ? PayloadCarrier.SharedMemory : PayloadCarrier.Chunks,
            BinaryPrimitives.ReadInt64BigEndian(found[2..]),
            BinaryPrimitives.ReadInt64BigEndian(found[10..]));
        return true;
    }

    private void SkipFixedOrCounted(byte code)
    {
        if (_payloads is not null && TryReadReference(out PayloadReference skipped))
        {
            // What is not read is given back all the same.
            _payloads.Drop(skipped);
            return;
        }

        int length = code switch
        {
            MessagePackCode.UInt8 or MessagePackCode.Int8 => 2,
            MessagePackCode.UInt16 or MessagePackCode.Int16 => 3,
            MessagePackCode.UInt32 or MessagePackCode.Int32 or MessagePackCode.Float32 => 5,
            MessagePackCode.UInt64 or MessagePackCode.Int64 or MessagePackCode.Float64 => 9,
            >= MessagePackCode.FixExt1 and <= MessagePackCode.FixExt16 => 2 + (1 << (code - MessagePackCode.FixExt1)),
            MessagePackCode.Bin8 => Take(2, "bytes")[1],
            MessagePackCode.Bin16 => BinaryPrimitives.ReadUInt16BigEndian(Take(3, "bytes")[1..]),
            MessagePackCode.Bin32 => Length32("bytes"),
            MessagePackCode.Ext8 => 1 + Take(2, "an extension")[1],
            MessagePackCode.Ext16 => 1 + BinaryPrimitives.ReadUInt16BigEndian(Take(3, "an extension")[1..]),
            MessagePackCode.Ext32 => 1 + Length32("an extension"),
            _ => throw Unexpected("a value"),
        };
        Take(length, "a value");
    }

    /// <summary>Reads an integer of any width; true where it is negative, and then <paramref name="value"/> is its two's complement.</summary>
    private bool ReadInteger(string expected, out ulong value)
    {
        byte code = PeekCode(expected);
        switch (code)
        {
            case < MessagePackCode.FixMap:
                _at++;
                value = code;
                return false;
            case >= MessagePackCode.NegativeFixInt:
                _at++;
                value = (ulong)(sbyte)code;
                return true;
            case MessagePackCode.UInt8:
                value = Take(2, expected)[1];
                return false;
            case MessagePackCode.UInt16:
                value = BinaryPrimitives.ReadUInt16BigEndian(Take(3, expected)[1..]);
                return false;
            case MessagePackCode.UInt32:
                value = BinaryPrimitives.ReadUInt32BigEndian(Take(5, expected)[1..]);
                return false;
            case MessagePackCode.UInt64:
                value = BinaryPrimitives.ReadUInt64BigEndian(Take(9, expected)[1..]);
                return false;
            case MessagePackCode.Int8:
                value = (ulong)(sbyte)Take(2, expected)[1];
                break;
            case MessagePackCode.Int16:
                value = (ulong)BinaryPrimitives.ReadInt16BigEndian(Take(3, expected)[1..]);
                break;
            case MessagePackCode.Int32:
                value = (ulong)BinaryPrimitives.ReadInt32BigEndian(Take(5, expected)[1..]);
                break;
            case MessagePackCode.Int64:
                value = (ulong)BinaryPrimitives.ReadInt64BigEndian(Take(9, expected)[1..]);
                break;
            default:
                throw Unexpected(expected);
        }

        return (long)value < 0;
    }

    /// <summary>Reads the extension -1; the ticks count from year 1.</summary>
    private long ReadTimestamp()
    {
        const string expected = "a timestamp";
        int start = _at;
        int header = PeekCode(expected) == MessagePackCode.Ext8 ? 3 : 2;
        int length = PeekCode(expected) switch
        {
            MessagePackCode.FixExt4 => 4,
            MessagePackCode.FixExt8 => 8,
            MessagePackCode.Ext8 => 12,
            _ => throw Unexpected(expected),
        };
        ReadOnlySpan<byte> value = Take(header + length, expected);
        if (value[header - 1] != MessagePackCode.Timestamp || (header == 3 && value[1] != 12))
        {
            throw new ValueFormatException($"Offset {start}: found another extension, expected {expected}.");
        }

        value = value[header..];
        ulong packed = length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(value) : 0;
        (long seconds, uint nanoseconds) = length switch
        {
            4 => (BinaryPrimitives.ReadUInt32BigEndian(value), 0u),
            8 => ((long)(packed & ((1UL << 34) - 1)), (uint)(packed >> 34)),
            _ => (BinaryPrimitives.ReadInt64BigEndian(value[4..]), BinaryPrimitives.ReadUInt32BigEndian(value)),
        };
        const long FirstSecond = -62_135_596_800;
        const long LastSecond = 253_402_300_799;
        if (seconds is < FirstSecond or > LastSecond || nanoseconds > 999_999_999)
        {
            throw new ValueFormatException($"Offset {start}: {seconds} s and {nanoseconds} ns is no time between the years 1 and 9999.");
        }

        return DateTime.UnixEpoch.Ticks + (seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100);
    }

    private ValueScope BeginPair(string expected)
    {
        int start = _at;
        ValueScope pair = BeginArray();
        return pair.Remaining == 2
            ? pair
            : throw new ValueFormatException($"Offset {start}: found an array of {pair.Remaining}, expected {expected} as an array of 2.");
    }

    private void EndPair(ref ValueScope pair)
    {
        pair.Remaining = 0;
        NextElement(ref pair);
    }

    private ValueScope Begin(int count, int smallestElement)
    {
        if ((long)count * smallestElement > _bytes.Length - _at)
        {
            throw new ValueFormatException($"Offset {_at}: {count} elements are announced and only {_bytes.Length - _at} bytes are left.");
        }

        if (++_depth > MaxDepth)
        {
            throw new ValueFormatException($"Offset {_at}: the value nests deeper than {MaxDepth} levels.");
        }

        return new ValueScope { Remaining = count };
    }

    private int Length32(string expected)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(Take(5, expected)[1..]);
        return length <= (uint)(_bytes.Length - _at)
            ? (int)length
            : throw new ValueFormatException($"Offset {_at}: {expected} of {length} is announced and only {_bytes.Length - _at} bytes are left.");
    }

    private ReadOnlySpan<byte> Take(int count, string expected)
    {
        if (_bytes.Length - _at < count)
        {
            throw new ValueFormatException($"Offset {_at}: {expected} needs {count} bytes and only {_bytes.Length - _at} are left.");
        }

        ReadOnlySpan<byte> taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    private readonly byte PeekCode(string expected) =>
        _at < _bytes.Length ? _bytes[_at] : throw new ValueFormatException($"Offset {_at}: the message ends, expected {expected}.");

    private readonly ValueFormatException Unexpected(string expected) =>
        new($"Offset {_at}: found {MessagePackCode.Name(_bytes[_at])}, expected {expected}.");
}

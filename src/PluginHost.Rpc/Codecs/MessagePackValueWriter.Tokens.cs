using System.Buffers.Binary;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Codecs;

/// <content>Headers and extensions.</content>
public ref partial struct MessagePackValueWriter
{
    /// <summary>Writes a string that is UTF-8 already.</summary>
    internal readonly void WriteUtf8(scoped ReadOnlySpan<byte> text)
    {
        WriteStringHeader(text.Length);
        _output.Write(text);
    }

    private readonly void WriteStringHeader(int count)
    {
        Span<byte> free = _output.Free(5);
        switch (count)
        {
            case < 32:
                free[0] = (byte)(MessagePackCode.FixString | count);
                _output.Advance(1);
                break;
            case <= byte.MaxValue:
                free[0] = MessagePackCode.String8;
                free[1] = (byte)count;
                _output.Advance(2);
                break;
            case <= ushort.MaxValue:
                free[0] = MessagePackCode.String16;
                BinaryPrimitives.WriteUInt16BigEndian(free[1..], (ushort)count);
                _output.Advance(3);
                break;
            default:
                free[0] = MessagePackCode.String32;
                BinaryPrimitives.WriteInt32BigEndian(free[1..], count);
                _output.Advance(5);
                break;
        }
    }

    private void WriteHeader(int count, byte fix, byte wide)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (++_depth > MaxDepth)
        {
            throw new ValueFormatException($"The value nests deeper than {MaxDepth} levels.");
        }

        Span<byte> free = _output.Free(5);
        switch (count)
        {
            case < 16:
                free[0] = (byte)(fix | count);
                _output.Advance(1);
                break;
            case <= ushort.MaxValue:
                free[0] = wide;
                BinaryPrimitives.WriteUInt16BigEndian(free[1..], (ushort)count);
                _output.Advance(3);
                break;
            default:
                free[0] = (byte)(wide + 1);
                BinaryPrimitives.WriteInt32BigEndian(free[1..], count);
                _output.Advance(5);
                break;
        }
    }

    /// <summary>Writes the extension -1 in its shortest form; ticks count from year 1, and 100 ns are kept.</summary>
    private readonly void WriteTimestamp(long ticks)
    {
        (long seconds, long rest) = Math.DivRem(ticks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        if (rest < 0)
        {
            seconds--;
            rest += TimeSpan.TicksPerSecond;
        }

        uint nanoseconds = (uint)(rest * 100);
        Span<byte> free = _output.Free(15);
        if (nanoseconds == 0 && seconds is >= 0 and <= uint.MaxValue)
        {
            free[0] = MessagePackCode.FixExt4;
            free[1] = MessagePackCode.Timestamp;
            BinaryPrimitives.WriteUInt32BigEndian(free[2..], (uint)seconds);
            _output.Advance(6);
        }
        else if (seconds is >= 0 and < 1L << 34)
        {
            free[0] = MessagePackCode.FixExt8;
            free[1] = MessagePackCode.Timestamp;
            BinaryPrimitives.WriteUInt64BigEndian(free[2..], ((ulong)nanoseconds << 34) | (ulong)seconds);
            _output.Advance(10);
        }
        else
        {
            free[0] = MessagePackCode.Ext8;
            free[1] = 12;
            free[2] = MessagePackCode.Timestamp;
            BinaryPrimitives.WriteUInt32BigEndian(free[3..], nanoseconds);
            BinaryPrimitives.WriteInt64BigEndian(free[7..], seconds);
            _output.Advance(15);
        }
    }

    private readonly void WriteReference(PayloadReference reference)
    {
        Span<byte> free = _output.Free(18);
        free[0] = MessagePackCode.FixExt16;
        free[1] = reference.Carrier == PayloadCarrier.SharedMemory ? MessagePackCode.SharedPayload : MessagePackCode.ChunkedPayload;
        BinaryPrimitives.WriteInt64BigEndian(free[2..], reference.Place);
        BinaryPrimitives.WriteInt64BigEndian(free[10..], reference.Length);
        _output.Advance(18);
    }
}

using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// The reading end of a ring of bytes in shared memory. What the other process writes there is never believed: a count that cannot be right ends the
/// connection, and nothing outside the ring is touched whatever it is. One thread at a time, which holds the mapping.
/// </summary>
internal sealed unsafe class RingReader
{
    private readonly long* _written;
    private readonly long* _taken;
    private readonly int* _sleeps;
    private readonly int* _writerSleeps;
    private readonly byte* _data;
    private readonly int _bytes;
    private long _lastWritten;
    private long _position;

    public RingReader(byte* memory, int ringBytes, bool isToWorker)
    {
        byte* control = memory + RingLayout.Control(isToWorker);
        _written = (long*)(control + RingLayout.Written);
        _taken = (long*)(control + RingLayout.Taken);
        _sleeps = (int*)(control + RingLayout.ReaderSleeps);
        _writerSleeps = (int*)(control + RingLayout.WriterSleeps);
        _data = memory + RingLayout.Data(isToWorker, ringBytes);
        _bytes = ringBytes;
    }

    /// <summary>Copies out what is there, and wakes a writer that waits for room.</summary>
    /// <returns>How many bytes; 0 where the ring is empty.</returns>
    /// <exception cref="MalformedMessageException">The other side's count cannot be right.</exception>
    public int Read(Span<byte> bytes)
    {
        long written = Volatile.Read(ref *_written);
        if (written < _lastWritten || written - _position > _bytes)
        {
            throw new MalformedMessageException(
                MessageFault.Protocol,
                $"The peer's ring says that {written} bytes were written to it; {_lastWritten} were there before, {_position} are taken, and it holds {_bytes}.");
        }

        _lastWritten = written;
        int count = (int)Math.Min(written - _position, bytes.Length);
        if (count == 0)
        {
            return 0;
        }

        int start = (int)(_position & (_bytes - 1));
        int first = Math.Min(count, _bytes - start);
        new ReadOnlySpan<byte>(_data + start, first).CopyTo(bytes);
        new ReadOnlySpan<byte>(_data, count - first).CopyTo(bytes[first..]);
        _position += count;
        Volatile.Write(ref *_taken, _position);
        WakeWriter(written);
        return count;
    }

    /// <summary>Asks the writer for a byte on the socket with its next write. Look once more before sleeping.</summary>
    public void AskToBeWoken()
    {
        Volatile.Write(ref *_sleeps, 1);
        Interlocked.MemoryBarrier();
    }

    /// <summary>Takes that back.</summary>
    public void StayAwake() => Volatile.Write(ref *_sleeps, 0);

    private void WakeWriter(long written)
    {
        // What was taken must be seen before the question: the writer asks the other way round.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref *_writerSleeps) != 0 && written - _position <= _bytes / 2)
        {
            Volatile.Write(ref *_writerSleeps, 0);
            Futex.Wake(_writerSleeps);
        }
    }
}

using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// The writing end of a ring of bytes in shared memory. What the other process writes there is never believed: a count that cannot be right ends the
/// connection, and nothing outside the ring is touched whatever it is. One thread at a time, which holds the mapping; <see cref="StopWaiting"/> any.
/// </summary>
internal sealed unsafe class RingWriter
{
    private readonly long* _written;
    private readonly long* _taken;
    private readonly int* _readerSleeps;
    private readonly int* _sleeps;
    private readonly byte* _data;
    private readonly int _bytes;
    private long _lastTaken;
    private long _position;

    public RingWriter(byte* memory, int ringBytes, bool isToWorker)
    {
        byte* control = memory + RingLayout.Control(isToWorker);
        _written = (long*)(control + RingLayout.Written);
        _taken = (long*)(control + RingLayout.Taken);
        _readerSleeps = (int*)(control + RingLayout.ReaderSleeps);
        _sleeps = (int*)(control + RingLayout.WriterSleeps);
        _data = memory + RingLayout.Data(isToWorker, ringBytes);
        _bytes = ringBytes;
    }

    /// <summary>Copies in as much as there is room for.</summary>
    /// <param name="bytes">What to write.</param>
    /// <param name="isReaderAsleep">True where the reader has to be woken by a byte on the socket.</param>
    /// <returns>How many bytes; 0 where the ring is full.</returns>
    /// <exception cref="MalformedMessageException">The other side's count cannot be right.</exception>
    public int Write(ReadOnlySpan<byte> bytes, out bool isReaderAsleep)
    {
        isReaderAsleep = false;
        int room = Room(bytes.Length);
        int count = Math.Min(room, bytes.Length);
        if (count == 0)
        {
            return 0;
        }

        int start = (int)(_position & (_bytes - 1));
        int first = Math.Min(count, _bytes - start);
        bytes[..first].CopyTo(new Span<byte>(_data + start, first));
        bytes[first..count].CopyTo(new Span<byte>(_data, count - first));
        _position += count;
        Volatile.Write(ref *_written, _position);

        // What was written must be seen before the question: the reader asks the other way round.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref *_readerSleeps) != 0)
        {
            isReaderAsleep = Interlocked.Exchange(ref *_readerSleeps, 0) != 0;
        }

        return count;
    }

    /// <summary>Sleeps until there is room, about half of the ring, or the time is over, or <see cref="StopWaiting"/> is called.</summary>
    /// <param name="isStopped">Asked once the others can see that this side sleeps.</param>
    /// <param name="milliseconds">The longest time.</param>
    /// <exception cref="MalformedMessageException">The other side's count cannot be right.</exception>
    public void WaitForRoom(Func<bool> isStopped, int milliseconds)
    {
        Volatile.Write(ref *_sleeps, 1);
        Interlocked.MemoryBarrier();
        if (Room(1) == 0 && !isStopped())
        {
            Futex.Wait(_sleeps, 1, milliseconds);
        }

        Volatile.Write(ref *_sleeps, 0);
    }

    /// <summary>Ends a <see cref="WaitForRoom"/> of another thread.</summary>
    public void StopWaiting()
    {
        Interlocked.MemoryBarrier();
        Volatile.Write(ref *_sleeps, 0);
        Futex.Wake(_sleeps);
    }

    private int Room(int wanted)
    {
        int room = _bytes - (int)(_position - _lastTaken);
        if (room >= wanted)
        {
            return room;
        }

        long taken = Volatile.Read(ref *_taken);
        if (taken < _lastTaken || taken > _position)
        {
            throw new MalformedMessageException(
                MessageFault.Protocol,
                $"The peer's ring says that {taken} bytes were taken from it; {_lastTaken} were before, and {_position} were written.");
        }

        _lastTaken = taken;
        return _bytes - (int)(_position - taken);
    }
}

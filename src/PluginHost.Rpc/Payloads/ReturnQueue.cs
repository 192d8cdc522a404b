using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Payloads;

/// <summary>
/// A ring in shared memory through which a reader tells the writer which blocks it has done with. The writer never has more blocks out than the
/// ring has places, so that it cannot run over; what it finds there it checks against its own table.
/// </summary>
internal static class ReturnQueue
{
    /// <summary>How many blocks may be out.</summary>
    public const int Places = 8176;

    /// <summary>The size of one queue in the memory.</summary>
    public const long Bytes = HeadBytes + (Places * sizeof(long));

    // The count of all returns ever made, on a cache line of its own.
    private const long HeadBytes = 128;

    /// <summary>The reader's side: puts offsets in. Thread-safe.</summary>
    internal sealed unsafe class Input(SharedMapping mapping, long start)
    {
        private readonly Lock _lock = new();
        private long _count;

        /// <summary>Gives a block back. The caller holds the mapping.</summary>
        public void Add(long offset)
        {
            byte* queue = mapping.Start + start;
            lock (_lock)
            {
                Volatile.Write(ref *(long*)(queue + HeadBytes + (_count % Places * sizeof(long))), offset);
                _count++;
                Volatile.Write(ref *(long*)queue, _count);
            }
        }
    }

    /// <summary>The writer's side: takes offsets out. Under its caller's lock.</summary>
    internal sealed unsafe class Output(SharedMapping mapping, long start)
    {
        private long _taken;

        /// <summary>Takes the next offset, or says that there is none.</summary>
        /// <param name="offset">As the other side wrote it.</param>
        /// <param name="isBroken">True where the other side's count cannot be.</param>
        public bool TryTake(out long offset, out bool isBroken)
        {
            byte* queue = mapping.Start + start;
            long count = Volatile.Read(ref *(long*)queue);
            offset = 0;
            isBroken = count < _taken || count - _taken > Places;
            if (isBroken || count == _taken)
            {
                return false;
            }

            offset = Volatile.Read(ref *(long*)(queue + HeadBytes + (_taken % Places * sizeof(long))));
            _taken++;
            return true;
        }
    }
}

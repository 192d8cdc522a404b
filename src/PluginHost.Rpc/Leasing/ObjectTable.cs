using System.Diagnostics.CodeAnalysis;

namespace PluginHost.Rpc.Leasing;

/// <summary>
/// The objects of this side that the peer may call, by handle: a slot's generation and its index, below 2^53, never used twice. Thread-safe; ends
/// nothing itself.
/// </summary>
/// <param name="limit">How many may be alive, at most 65,536.</param>
internal sealed class ObjectTable(int limit)
{
    private const int IndexBits = 16;
    private const long LastGeneration = (1L << (53 - IndexBits)) - 1;
    private readonly Lock _lock = new();
    // Made with the first handle that is freed: its code is compiled then and not at every worker's start.
    private Stack<int>? _free;
    private Slot[] _slots = new Slot[Math.Min(4, limit)];
    private int _used;
    private int _count;
    private bool _isClosed;

    /// <summary>How many are alive.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Gives an object its handle; false where as many are alive as may, or the connection has ended.</summary>
    public bool TryAdd(ObjectLease lease)
    {
        lock (_lock)
        {
            if (_isClosed || _count >= limit || !TryTakeIndex_NeedsLock(out int index))
            {
                return false;
            }

            ref Slot slot = ref _slots[index];
            slot.Generation++;
            slot.Lease = lease;
            lease.Handle = (slot.Generation << IndexBits) | (long)index;
            _count++;
            return true;
        }
    }

    /// <summary>Finds an object that is alive.</summary>
    public bool TryFind(long handle, [NotNullWhen(true)] out ObjectLease? lease)
    {
        lock (_lock)
        {
            int index = (int)(handle & ((1 << IndexBits) - 1));
            lease = handle > 0 && index < _used && _slots[index].Generation == handle >> IndexBits ? _slots[index].Lease : null;
            return lease is not null;
        }
    }

    /// <summary>Frees a handle; false where it was not in use.</summary>
    public bool Remove(long handle, [NotNullWhen(true)] out ObjectLease? lease)
    {
        lock (_lock)
        {
            int index = (int)(handle & ((1 << IndexBits) - 1));
            lease = handle > 0 && index < _used && _slots[index].Generation == handle >> IndexBits ? _slots[index].Lease : null;
            if (lease is null)
            {
                return false;
            }

            _slots[index].Lease = null;
            _count--;
            if (_slots[index].Generation < LastGeneration)
            {
                (_free ??= new()).Push(index);
            }

            return true;
        }
    }

    /// <summary>Forgets all and takes no more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _slots = [];
            _used = 0;
            _count = 0;
        }
    }

    private bool TryTakeIndex_NeedsLock(out int index)
    {
        index = 0;
        if (_free?.TryPop(out index) == true)
        {
            return true;
        }

        if (_used == 1 << IndexBits)
        {
            return false;
        }

        if (_used == _slots.Length)
        {
            Array.Resize(ref _slots, Math.Min(1 << IndexBits, _slots.Length * 2));
        }

        index = _used++;
        return true;
    }

    private struct Slot
    {
        public ObjectLease? Lease;
        public long Generation;
    }
}

namespace PluginHost.Rpc.Connection;

/// <summary>What came of adding a call.</summary>
internal enum AddResult
{
    /// <summary>The call has its id.</summary>
    Added,

    /// <summary>As many calls wait as may.</summary>
    Full,

    /// <summary>The connection has ended.</summary>
    Closed,
}

/// <summary>
/// The outgoing calls by id. An id is the slot's generation and its index, below 2^53, and is not used again before its answer came: a cancelled or
/// timed-out call leaves its slot taken. Thread-safe; completes nothing itself.
/// </summary>
/// <param name="limit">The most slots, at most 65,536.</param>
internal sealed class PendingTable(int limit)
{
    private const int IndexBits = 16;
    private const long LastGeneration = (1L << (53 - IndexBits)) - 1;
    private readonly Lock _lock = new();
    private Slot[] _slots = new Slot[Math.Min(16, limit)];
    private int _used;
    private int _freeHead = -1;
    private int _live;
    private int _taken;
    private bool _isClosed;

    /// <summary>The calls whose callers wait.</summary>
    public int Count => Volatile.Read(ref _live);

    /// <summary>The ids whose answers have not come, those of calls that were given up too.</summary>
    public int Unanswered => Volatile.Read(ref _taken);

    /// <summary>Gives a call its id.</summary>
    public AddResult Add(PendingCall call)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return AddResult.Closed;
            }

            int index = TakeIndex_NeedsLock();
            if (index < 0)
            {
                return AddResult.Full;
            }

            ref Slot slot = ref _slots[index];
            slot.Generation++;
            slot.IsTaken = true;
            slot.Call = call;
            call.Id = (slot.Generation << IndexBits) | (long)index;
            _live++;
            _taken++;
            return AddResult.Added;
        }
    }

    /// <summary>Frees the id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="call">The call, or null where its caller does not wait any more.</param>
    /// <param name="late">Takes the answer where its caller does not wait any more, or null.</param>
    /// <returns>False where no call has that id.</returns>
    public bool TryRemove(long id, out PendingCall? call, out LateAnswer? late)
    {
        lock (_lock)
        {
            call = null;
            late = null;
            if (!IsTaken_NeedsLock(id))
            {
                return false;
            }

            int index = (int)(id & ((1 << IndexBits) - 1));
            ref Slot slot = ref _slots[index];
            call = slot.Call;
            late = slot.Late;
            _live -= call is null ? 0 : 1;
            slot.Call = null;
            slot.Late = null;
            slot.IsTaken = false;
            _taken--;
            if (slot.Generation < LastGeneration)
            {
                slot.NextFree = _freeHead;
                _freeHead = index;
            }

            return true;
        }
    }

    /// <summary>Takes the call and leaves its id in use. Null where somebody else took it.</summary>
    public PendingCall? Abandon(long id)
    {
        lock (_lock)
        {
            if (!IsTaken_NeedsLock(id))
            {
                return null;
            }

            ref Slot slot = ref _slots[(int)(id & ((1 << IndexBits) - 1))];
            PendingCall? call = slot.Call;
            slot.Late = call?.Late ?? slot.Late;
            slot.Call = null;
            _live -= call is null ? 0 : 1;
            return call;
        }
    }

    /// <summary>Marks a call as cancelled that goes on waiting, until a deadline at the latest; false where it has ended.</summary>
    public bool TryCancel(long id, PendingCall call, long deadline)
    {
        lock (_lock)
        {
            if (!IsTaken_NeedsLock(id) || !ReferenceEquals(_slots[(int)(id & ((1 << IndexBits) - 1))].Call, call))
            {
                return false;
            }

            call.IsCancelled = true;
            call.Deadline = Math.Min(call.Deadline, deadline);
            return true;
        }
    }

    /// <summary>True while somebody waits for the answer.</summary>
    public bool IsLive(long id)
    {
        lock (_lock)
        {
            return IsTaken_NeedsLock(id) && _slots[(int)(id & ((1 << IndexBits) - 1))].Call is not null;
        }
    }

    /// <summary>Takes every call whose time has ended, and leaves their ids in use.</summary>
    /// <param name="now">The clock's timestamp.</param>
    /// <param name="expired">Receives them.</param>
    /// <returns>True where calls are left.</returns>
    public bool TakeExpired(long now, List<PendingCall> expired)
    {
        lock (_lock)
        {
            for (int index = 0; index < _used && _live > 0; index++)
            {
                ref Slot slot = ref _slots[index];
                if (slot.Call is not null && slot.Call.Deadline <= now)
                {
                    expired.Add(slot.Call);
                    slot.Late = slot.Call.Late;
                    slot.Call = null;
                    _live--;
                }
            }

            return _live > 0;
        }
    }

    /// <summary>The methods of the calls whose callers wait.</summary>
    public List<string> Methods()
    {
        List<string> methods = [];
        lock (_lock)
        {
            for (int index = 0; index < _used; index++)
            {
                if (_slots[index].Call is { } call)
                {
                    methods.Add(call.Method);
                }
            }
        }

        return methods;
    }

    /// <summary>Takes every call and takes no more.</summary>
    public List<PendingCall> Close()
    {
        List<PendingCall> all = [];
        lock (_lock)
        {
            _isClosed = true;
            TakeAll_NeedsLock(all);
        }

        return all;
    }

    private void TakeAll_NeedsLock(List<PendingCall> all)
    {
        for (int index = 0; index < _used; index++)
        {
            if (_slots[index].Call is { } call)
            {
                all.Add(call);
                _slots[index] = default;
            }
        }

        _live = 0;
    }

    private bool IsTaken_NeedsLock(long id)
    {
        int index = (int)(id & ((1 << IndexBits) - 1));
        return id > 0 && index < _used && _slots[index].IsTaken && _slots[index].Generation == id >> IndexBits;
    }

    private int TakeIndex_NeedsLock()
    {
        if (_freeHead >= 0)
        {
            int index = _freeHead;
            _freeHead = _slots[index].NextFree;
            return index;
        }

        if (_used == limit)
        {
            return -1;
        }

        if (_used == _slots.Length)
        {
            Array.Resize(ref _slots, Math.Min(limit, _slots.Length * 2));
        }

        return _used++;
    }

    private struct Slot
    {
        public PendingCall? Call;
        public LateAnswer? Late;
        public long Generation;
        public int NextFree;
        public bool IsTaken;
    }
}

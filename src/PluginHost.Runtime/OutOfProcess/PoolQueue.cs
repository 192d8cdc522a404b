namespace PluginHost.Runtime.OutOfProcess;

/// <summary>How the wait of a call in a <see cref="PoolQueue{TWorker}"/> ended.</summary>
/// <param name="Worker">The worker in which it has its place now; null where it has none.</param>
/// <param name="IsClosed">No worker will come.</param>
internal readonly record struct PoolTurn<TWorker>(TWorker? Worker, bool IsClosed)
    where TWorker : class;

/// <summary>A call that waits.</summary>
/// <param name="line">What it waits for: a worker's number, or any.</param>
/// <param name="arrived">Its place in time.</param>
internal sealed class PoolWaiter<TWorker>(int line, long arrived)
    where TWorker : class
{
    private readonly TaskCompletionSource<PoolTurn<TWorker>> _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it waits for.</summary>
    public int Line => line;

    /// <summary>Its place in time.</summary>
    public long Arrived => arrived;

    /// <summary>Ends when it has its turn. Never faults.</summary>
    public Task<PoolTurn<TWorker>> Turn => _turn.Task;

    /// <summary>Ends the wait.</summary>
    public void End(PoolTurn<TWorker> turn) => _turn.TrySetResult(turn);
}

/// <summary>
/// The calls of a pool for which no worker had room: one line for each worker whose keys they are, and one for any. Who came first goes first. Bounded,
/// and of no cost to calls that need not wait. Thread-safe.
/// </summary>
/// <param name="workers">How many workers the pool has.</param>
/// <param name="limit">How many calls may wait.</param>
internal sealed class PoolQueue<TWorker>(int workers, int limit)
    where TWorker : class
{
    private readonly Lock _lock = new();
    private readonly LinkedList<PoolWaiter<TWorker>>[] _lines = [.. Enumerable.Range(0, workers + 1).Select(static _ => new LinkedList<PoolWaiter<TWorker>>())];
    private readonly int[] _counts = new int[workers + 1];
    private long _arrivals;
    private long _changes;
    private int _count;
    private bool _isClosed;

    /// <summary>How many may wait.</summary>
    public int Limit => limit;

    /// <summary>How many wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How often calls were let look again: to be taken before a look, for <see cref="TryAdd"/> after it.</summary>
    public long Changes => Volatile.Read(ref _changes);

    /// <summary>True where a call of this line would have others before it.</summary>
    public bool IsLineEmpty(int line) => Volatile.Read(ref _counts[line + 1]) == 0;

    /// <summary>
    /// Waits at the end of a line; null where as many wait as may. Ends at once where the queue is closed, and where something has changed since the call
    /// looked which line is its own: nobody might ever serve that one.
    /// </summary>
    /// <param name="line">A worker's number, or <see cref="PoolRouting.None"/> for any.</param>
    /// <param name="seen">The <see cref="Changes"/> before that look.</param>
    public PoolWaiter<TWorker>? TryAdd(int line, long seen)
    {
        lock (_lock)
        {
            PoolWaiter<TWorker> waiter = new(line, _arrivals++);
            if (_isClosed)
            {
                waiter.End(new PoolTurn<TWorker>(null, IsClosed: true));
                return waiter;
            }

            if (_changes != seen)
            {
                waiter.End(default);
                return waiter;
            }

            if (_count >= limit)
            {
                return null;
            }

            _lines[line + 1].AddLast(waiter);
            Count_NeedsLock(line, 1);
            return waiter;
        }
    }

    /// <summary>Waits no more; false where the wait has ended already.</summary>
    public bool Remove(PoolWaiter<TWorker> waiter)
    {
        lock (_lock)
        {
            if (!_lines[waiter.Line + 1].Remove(waiter))
            {
                return false;
            }

            Count_NeedsLock(waiter.Line, -1);
            return true;
        }
    }

    /// <summary>Gives the room of one worker to those that wait, in turn.</summary>
    public void Serve(int number, CallGate gate, TWorker worker)
    {
        while (Count > 0 && Take(number, gate) is { } next)
        {
            next.End(new PoolTurn<TWorker>(worker, IsClosed: false));
        }
    }

    /// <summary>Lets those of a line look again: what they wait for has changed.</summary>
    public void Stir(int line)
    {
        foreach (PoolWaiter<TWorker> waiter in Empty(line, isClosed: false))
        {
            waiter.End(default);
        }
    }

    /// <summary>Ends all waits and those that come.</summary>
    public void Close()
    {
        for (int line = PoolRouting.None; line < workers; line++)
        {
            foreach (PoolWaiter<TWorker> waiter in Empty(line, isClosed: true))
            {
                waiter.End(new PoolTurn<TWorker>(null, IsClosed: true));
            }
        }
    }

    private PoolWaiter<TWorker>? Take(int number, CallGate gate)
    {
        lock (_lock)
        {
            PoolWaiter<TWorker>? own = _lines[number + 1].First?.Value;
            PoolWaiter<TWorker>? any = _lines[0].First?.Value;
            PoolWaiter<TWorker>? next = own is null || (any is not null && any.Arrived < own.Arrived) ? any : own;
            if (next is null || !gate.TryEnter())
            {
                return null;
            }

            _lines[next.Line + 1].RemoveFirst();
            Count_NeedsLock(next.Line, -1);
            return next;
        }
    }

    private PoolWaiter<TWorker>[] Empty(int line, bool isClosed)
    {
        lock (_lock)
        {
            _isClosed |= isClosed;
            Volatile.Write(ref _changes, _changes + 1);
            PoolWaiter<TWorker>[] all = [.. _lines[line + 1]];
            _lines[line + 1].Clear();
            Count_NeedsLock(line, -all.Length);
            return all;
        }
    }

    private void Count_NeedsLock(int line, int change)
    {
        Volatile.Write(ref _counts[line + 1], _counts[line + 1] + change);
        Volatile.Write(ref _count, _count + change);
    }
}

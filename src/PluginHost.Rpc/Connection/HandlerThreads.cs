namespace PluginHost.Rpc.Connection;

/// <summary>
/// Threads for handlers that may block, apart from the thread pool, so that blocking ones neither starve it nor wait for it to grow. As many start at
/// once as there are cores; further ones only where none of them came free for a while, and past a bound the pool takes the rest. An idle thread ends.
/// Thread-safe.
/// </summary>
/// <param name="name">The threads' name.</param>
internal sealed class HandlerThreads(string name)
{
    private const int MostThreads = 64;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);
    private readonly object _lock = new();
    private readonly Queue<IThreadPoolWorkItem> _items = new();
    private int _threads;
    private int _idle;
    private bool _isWaiting;
    private long _taken;
    private long _takenAtLook;

    /// <summary>True while something waits for a thread.</summary>
    public bool IsWaiting => Volatile.Read(ref _isWaiting);

    /// <summary>Runs something soon.</summary>
    public void Queue(IThreadPoolWorkItem item)
    {
        lock (_lock)
        {
            _items.Enqueue(item);
            _isWaiting = _items.Count > _idle;
            if (!_isWaiting)
            {
                Monitor.Pulse(_lock);
                return;
            }

            if (_threads < Environment.ProcessorCount)
            {
                TryStart_NeedsLock();
            }
        }
    }

    /// <summary>Adds a thread where something waits and nothing was begun since the last look.</summary>
    public void Look()
    {
        IThreadPoolWorkItem? forPool = null;
        lock (_lock)
        {
            if (_items.Count > _idle && _taken == _takenAtLook && !TryStart_NeedsLock())
            {
                forPool = _items.Dequeue();
                _taken++;
            }

            _isWaiting = _items.Count > _idle;

            _takenAtLook = _taken;
        }

        if (forPool is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(forPool, preferLocal: false);
        }
    }

    private bool TryStart_NeedsLock()
    {
        if (_threads >= MostThreads)
        {
            return false;
        }

        try
        {
            new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
        }
        catch (OutOfMemoryException)
        {
            // What a thread that cannot be had looks like, where their number is limited: the pool's then have to do.
            return false;
        }

        _threads++;
        return true;
    }

    private void Run()
    {
        while (TryTake(out IThreadPoolWorkItem? item))
        {
            item!.Execute();
            CleanThread.Restore();
        }
    }

    private bool TryTake(out IThreadPoolWorkItem? item)
    {
        lock (_lock)
        {
            bool wasIdle = false;
            while (!_items.TryDequeue(out item))
            {
                if (wasIdle)
                {
                    _threads--;
                    return false;
                }

                _idle++;
                wasIdle = !Monitor.Wait(_lock, s_idle);
                _idle--;
            }

            _taken++;
            _isWaiting = _items.Count > _idle;
            return true;
        }
    }
}

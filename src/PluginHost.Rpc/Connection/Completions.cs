namespace PluginHost.Rpc.Connection;

/// <summary>
/// Completes callers on the thread pool, in the order of their answers: one work item goes on with all that came, in place of one work item a caller,
/// so that what callers do next happens on few threads and they do not contend for the connection. A caller that goes on for long delays nobody for
/// more than a moment: where none was completed since the reader last looked, another work item joins. Calls are added, and looked after, by the
/// connection's own reading thread; thread-safe otherwise.
/// </summary>
internal sealed class Completions : IThreadPoolWorkItem
{
    /// <summary>How long the reader may sleep while callers are left to be completed, in ms.</summary>
    public const int LookMilliseconds = 1;

    // As the thread pool does: a work item gives its thread back now and then.
    private const int LongestRunMilliseconds = 15;
    private readonly Lock _lock = new();
    private readonly Queue<PendingCall> _calls = new();
    private readonly List<PendingCall> _batch = [];
    private int _left;
    private int _running;
    private int _requested;
    private long _taken;
    private long _takenAtLook;

    /// <summary>True while callers are left: the reader has to look again soon.</summary>
    public bool HasLeft => Volatile.Read(ref _left) > 0;

    /// <summary>Adds a call that has its answer; nothing happens before <see cref="Publish"/>.</summary>
    public void Add(PendingCall call) => _batch.Add(call);

    /// <summary>Lets what was added be completed.</summary>
    public void Publish()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            foreach (PendingCall call in _batch)
            {
                _calls.Enqueue(call);
            }

            _left = _calls.Count;
        }

        _batch.Clear();
        Look();
    }

    /// <summary>Lets another thread help where none of those at it has come to the next caller since the last look.</summary>
    public void Look()
    {
        lock (_lock)
        {
            bool isStuck = _running == 0 || _taken == _takenAtLook;
            _takenAtLook = _taken;
            if (_calls.Count == 0 || _requested > 0 || !isStuck)
            {
                return;
            }

            _requested++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Completes what is left, one work item each: the reader ends, and nobody looks any more.</summary>
    public void End()
    {
        Publish();
        while (true)
        {
            PendingCall? call;
            lock (_lock)
            {
                if (!_calls.TryDequeue(out call))
                {
                    return;
                }

                _left = _calls.Count;
            }

            call.CompleteElsewhere();
        }
    }

    /// <inheritdoc/>
    public void Execute()
    {
        lock (_lock)
        {
            _requested--;
            _running++;
        }

        long until = Environment.TickCount64 + LongestRunMilliseconds;
        while (TryTake(Environment.TickCount64 >= until, out PendingCall? call))
        {
            call!.CompleteHere();
            CleanThread.Restore();
        }
    }

    private bool TryTake(bool isOver, out PendingCall? call)
    {
        lock (_lock)
        {
            call = null;
            if (!isOver && _calls.TryDequeue(out call))
            {
                _left = _calls.Count;
                _taken++;
                return true;
            }

            _running--;
            if (_calls.Count == 0 || _requested > 0)
            {
                return false;
            }

            _requested++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return false;
    }
}

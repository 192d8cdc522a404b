using System.Diagnostics;

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
    private const int BatchesApart = 64;
    private static readonly long s_longestHold = Stopwatch.Frequency / 1000;

    [ThreadStatic]
    private static Completions? t_completing;

    private readonly Lock _lock = new();
    private readonly Queue<PendingCall> _calls = new();
    private readonly List<PendingCall> _batch = [];
    private int _left;
    private int _running;
    private int _requested;
    private long _taken;
    private long _takenAtLook;
    private long _heldSince;
    private int _apart;

    /// <summary>Who reads the connection. Set before the first <see cref="Publish"/>.</summary>
    public OwnThreadReading? Source { get; set; }

    /// <summary>
    /// True where the calling thread completes callers and has further ones to complete: what it sends now is followed by more, and may go with it.
    /// </summary>
    public bool KeepsTogether => t_completing == this && HasLeft && Volatile.Read(ref _apart) == 0;

    /// <summary>True while callers are left: the reader has to look again soon.</summary>
    public bool HasLeft => Volatile.Read(ref _left) > 0;

    /// <summary>How many were ever added. For the reading thread.</summary>
    public long Added { get; private set; }

    /// <summary>True while a work item completes callers, or is about to.</summary>
    public bool IsUnderWay
    {
        get
        {
            lock (_lock)
            {
                return _running + _requested > 0;
            }
        }
    }

    /// <summary>Adds a call that has its answer; nothing happens before <see cref="Publish"/>.</summary>
    public void Add(PendingCall call)
    {
        Added++;
        _batch.Add(call);
    }

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
        if (_apart > 0)
        {
            _apart--;
        }

        // Whoever completes callers and reads for them goes on with what it read.
        if (t_completing != this)
        {
            Look();
        }
    }

    /// <summary>Lets another thread help where none of those at it has come to the next caller since the last look.</summary>
    /// <returns>True where a caller held the others up for more than a moment; nothing is kept together for a while then.</returns>
    public bool Look()
    {
        bool isHeldUp;
        lock (_lock)
        {
            bool hasProgress = _taken != _takenAtLook;
            _takenAtLook = _taken;
            if (_calls.Count == 0 || hasProgress)
            {
                _heldSince = 0;
            }

            if (_calls.Count == 0 || (hasProgress && _running > 0))
            {
                return false;
            }

            long now = Stopwatch.GetTimestamp();
            _heldSince = _heldSince == 0 ? now : _heldSince;
            isHeldUp = now - _heldSince > s_longestHold;
            if (isHeldUp)
            {
                _apart = BatchesApart;
                _heldSince = now;
            }

            if (_requested > 0)
            {
                return isHeldUp;
            }

            _requested++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return isHeldUp;
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
        bool isOver = false;
        t_completing = this;
        do
        {
            while (!isOver && TryTake(out PendingCall? call))
            {
                call!.CompleteHere();
                CleanThread.Restore();
                isOver = Environment.TickCount64 >= until;
            }

            Source!.Flush();

            // What comes may be none of the callers' answers: the time ends that too.
            isOver = isOver || Environment.TickCount64 >= until;
        }
        while (!isOver && Source.TryReadMore());

        t_completing = null;
        Leave();
        Source.CompletionsEnded();
    }

    private bool TryTake(out PendingCall? call)
    {
        lock (_lock)
        {
            if (!_calls.TryDequeue(out call))
            {
                return false;
            }

            _left = _calls.Count;
            _taken++;
            return true;
        }
    }

    private void Leave()
    {
        lock (_lock)
        {
            _running--;
            if (_calls.Count == 0 || _requested > 0)
            {
                return;
            }

            _requested++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}

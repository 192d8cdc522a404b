namespace PluginHost.Rpc.Connection;

/// <summary>
/// The reading thread runs quick handlers itself, and a second thread stands by: where a handler holds the reader for more than about a millisecond,
/// the other goes on reading in its place, and the first stands by once its handler has ended. The one that stands by looks every millisecond while
/// calls come in and sleeps when none do.
/// </summary>
/// <param name="intake">What is read from.</param>
/// <param name="inbound">Runs calls elsewhere where this cannot.</param>
/// <param name="outbox">Keeps the answers of one batch together.</param>
/// <param name="slow">The threads for handlers that may block.</param>
/// <param name="end">Closes the connection.</param>
/// <param name="name">The threads' name.</param>
internal sealed class InlineReading(
    Intake intake, InboundCalls inbound, Outbox outbox, HandlerThreads slow, Action<RpcCloseReason> end, string name)
    : Reading(intake, end)
{
    private const int LookMilliseconds = 1;
    private const int LooksBeforeSleep = 8;

    [ThreadStatic]
    private static InlineReading? t_reading;

    [ThreadStatic]
    private static long t_turn;

    private readonly object _lock = new();
    private bool _hasStandby;
    private bool _isAsleep;
    private long _handedOver = -1;
    private bool _hasEnded;
    private MethodPace? _pace;

    // Even while messages are read, odd while a handler runs. It only grows, and whoever reads owns it but for the one step from odd to even.
    private long _turn;

    /// <summary>Lets another thread read on where the calling one is about to block inside a handler.</summary>
    public static void AboutToBlock() => t_reading?.HandOver(t_turn);

    /// <inheritdoc/>
    public override void Start() => StartThread(Lead);

    private void Lead()
    {
        while (ReadUntilReplaced() && StandBy())
        {
        }
    }

    private void Follow()
    {
        if (Wait())
        {
            Lead();
        }
    }

    /// <summary>Reads and runs; true where another thread took the turn, false at the end.</summary>
    private bool ReadUntilReplaced()
    {
        RpcCloseReason reason;
        try
        {
            while (true)
            {
                while (Intake.Take(out IncomingCall? call))
                {
                    if (!Run(call!))
                    {
                        return true;
                    }
                }

                outbox.Uncork();
                if (slow.IsWaiting && TryStartStandby() && Volatile.Read(ref _isAsleep))
                {
                    // It adds threads where those that there are come to nothing.
                    Wake();
                }

                if (Intake.Receive(Timeout.Infinite) == 0)
                {
                    reason = Intake.Ended();
                    break;
                }
            }
        }
        catch (Exception e)
        {
            reason = Intake.ReasonOf(e);
        }

        lock (_lock)
        {
            _hasEnded = true;
            Monitor.PulseAll(_lock);
        }

        outbox.Uncork();
        End(reason);
        return false;
    }

    /// <summary>Runs a handler's synchronous part; false where another thread has the turn afterwards.</summary>
    private bool Run(IncomingCall call)
    {
        if (!_hasStandby && !TryStartStandby())
        {
            inbound.RunElsewhere(call);
            return true;
        }

        MethodPace? pace = call.Pace;
        long turn = _turn + 1;
        _pace = pace;
        Volatile.Write(ref _turn, turn);
        if (Volatile.Read(ref _isAsleep))
        {
            Wake();
        }

        t_reading = this;
        t_turn = turn;
        call.RunHere(outbox.CorkTurn);
        t_reading = null;
        CleanThread.Restore();
        if (Interlocked.CompareExchange(ref _turn, turn + 1, turn) == turn)
        {
            return true;
        }

        pace?.Freed();
        return false;
    }

    /// <summary>Becomes the thread that stands by, unless there is one; true where it has the turn to read afterwards.</summary>
    private bool StandBy()
    {
        lock (_lock)
        {
            if (_hasStandby || _hasEnded)
            {
                return false;
            }

            _hasStandby = true;
        }

        return Wait();
    }

    /// <summary>Stands by; true where it has the turn to read afterwards, false at the end.</summary>
    private bool Wait()
    {
        long seen = -1;
        int unchanged = 0;
        while (true)
        {
            lock (_lock)
            {
                if (_hasEnded)
                {
                    return false;
                }

                if (_handedOver != Volatile.Read(ref _turn) && (unchanged < LooksBeforeSleep || !Sleep_NeedsLock(seen)))
                {
                    Monitor.Wait(_lock, LookMilliseconds);
                }

                if (unchanged >= LooksBeforeSleep)
                {
                    unchanged = 0;
                    seen = -1;
                }
            }

            slow.Look();
            long turn = Volatile.Read(ref _turn);
            bool isHeld = (turn & 1) != 0;
            if (isHeld && (turn == seen || turn == Volatile.Read(ref _handedOver)) && TryTakeTurn(turn))
            {
                return true;
            }

            unchanged = turn == seen && !isHeld && !slow.IsWaiting ? unchanged + 1 : 0;
            seen = turn;
        }
    }

    /// <summary>Sleeps until a handler runs; false where one does.</summary>
    private bool Sleep_NeedsLock(long seen)
    {
        Volatile.Write(ref _isAsleep, true);

        // The reader writes its turn and then looks whether somebody sleeps, without a fence of its own: this is the fence for both.
        Interlocked.MemoryBarrierProcessWide();
        bool mustSleep = Volatile.Read(ref _turn) == seen && !slow.IsWaiting;
        while (mustSleep && _isAsleep && !_hasEnded)
        {
            Monitor.Wait(_lock);
        }

        _isAsleep = false;
        return mustSleep;
    }

    private bool TryTakeTurn(long turn)
    {
        MethodPace? pace = _pace;
        lock (_lock)
        {
            if (Interlocked.CompareExchange(ref _turn, turn + 1, turn) != turn)
            {
                return false;
            }

            _hasStandby = false;
        }

        pace?.Stuck();
        outbox.TakeCork();
        return true;
    }

    private void Wake()
    {
        lock (_lock)
        {
            _isAsleep = false;
            Monitor.Pulse(_lock);
        }
    }

    private void HandOver(long turn)
    {
        outbox.Uncork();
        lock (_lock)
        {
            // Where another thread reads already, the turn is another one and nobody looks at this.
            _handedOver = turn;
            _isAsleep = false;
            Monitor.Pulse(_lock);
        }
    }

    private bool TryStartStandby()
    {
        lock (_lock)
        {
            if (_hasStandby)
            {
                return true;
            }

            _hasStandby = true;
        }

        try
        {
            StartThread(Follow);
        }
        catch (OutOfMemoryException)
        {
            // What a thread that cannot be had looks like where their number is limited.
            lock (_lock)
            {
                _hasStandby = false;
            }

            return false;
        }

        return true;
    }

    private void StartThread(ThreadStart work) => new Thread(work) { IsBackground = true, Name = name }.UnsafeStart();
}

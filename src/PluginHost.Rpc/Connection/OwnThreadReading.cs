namespace PluginHost.Rpc.Connection;

/// <summary>
/// A thread of the connection's own reads, and rests while others read for themselves, so that an answer comes to the thread that goes on with it,
/// without waking another: a caller that blocks, for its own answer; or the work item that completes callers that await, for the answers to what they
/// ask next. For the first the thread rests only while nothing else is pending. It looks every millisecond whether they still come, and reads again
/// when none did, when a call waits that none of them reads for, when a caller reads in vain, or when the work item ends.
/// </summary>
internal sealed class OwnThreadReading : Reading
{
    private const int LookMilliseconds = 1;
    private const int LongestCallerTurn = 10;
    private const int TurnsThatPay = 3;
    private readonly object _lock = new();
    private readonly Receiver _receiver;
    private readonly PendingTable _pending;
    private readonly Outbox _outbox;
    private readonly string _name;
    private readonly Completions _completions;
    private readonly Hesitation _beforeCallers = new();
    private readonly Hesitation _beforeCompletions = new();
    private Turn _turn = Turn.Thread;
    private volatile Rest _rest;
    private bool _isWanted;
    private long _othersTurns;
    private RpcCloseReason? _ended;

    /// <summary>Creates one that does not read yet.</summary>
    /// <param name="intake">What is read from.</param>
    /// <param name="receiver">Counts the answers of blocking callers.</param>
    /// <param name="pending">The calls that wait.</param>
    /// <param name="outbox">Sends what was kept together for too long.</param>
    /// <param name="completions">Completes callers that await.</param>
    /// <param name="end">Closes the connection.</param>
    /// <param name="name">The thread's name.</param>
    public OwnThreadReading(
        Intake intake, Receiver receiver, PendingTable pending, Outbox outbox, Completions completions, Action<RpcCloseReason> end, string name)
        : base(intake, end)
    {
        _receiver = receiver;
        _pending = pending;
        _outbox = outbox;
        _name = name;
        _completions = completions;
        _completions.Source = this;
    }

    private enum Turn
    {
        Nobody,
        Thread,
        Other,
    }

    private enum Rest
    {
        None,
        ForCallers,
        ForCompletions,
    }

    /// <inheritdoc/>
    public override void Start() => new Thread(Run) { IsBackground = true, Name = _name }.UnsafeStart();

    /// <inheritdoc/>
    public override void Expect()
    {
        // The call is in the table and the turn is looked at behind it; who gives a turn back looks at the table behind that.
        Interlocked.MemoryBarrier();
        if (_rest == Rest.ForCallers)
        {
            lock (_lock)
            {
                Want_NeedsLock();
            }
        }
    }

    /// <inheritdoc/>
    public override void ReadFor(PendingCall call)
    {
        // As in Expect: the call is in the table before this looks.
        Interlocked.MemoryBarrier();
        if (call.IsDone || !TryTakeTurn())
        {
            return;
        }

        // Whoever reads for itself soon stops, and nobody would look after those it completed.
        _receiver.Completions = null;
        RpcCloseReason? reason = null;
        bool hasCome = true;
        while (!call.IsDone && hasCome && reason is null)
        {
            // Bounded, so that a cancelled caller is not held here; one whose call takes long leaves the reading to the thread.
            reason = Intake.Step(LongestCallerTurn, out hasCome);
        }

        _receiver.Completions = _completions;
        lock (_lock)
        {
            _turn = Turn.Nobody;
            _ended = reason;
            if (reason is not null || _isWanted || !call.IsDone || _pending.Unanswered > 0)
            {
                Want_NeedsLock();
            }
        }
    }

    /// <summary>
    /// Reads what has come or comes in a moment, where nobody else reads; false where nothing came. What came may be other than answers. For the work
    /// item that completes callers.
    /// </summary>
    public bool TryReadMore()
    {
        if (!TryTakeTurn())
        {
            return false;
        }

        RpcCloseReason? reason = Intake.Step(Intake.Soon, out bool hasCome);
        lock (_lock)
        {
            _turn = Turn.Nobody;
            _ended = reason;
            if (reason is not null || _isWanted)
            {
                Want_NeedsLock();
            }
        }

        return hasCome;
    }

    /// <summary>Sends what was kept together.</summary>
    public void Flush() => _outbox.Uncork();

    /// <summary>A work item that completed callers has ended.</summary>
    public void CompletionsEnded()
    {
        // The thread rests first and then looks whether a work item is there; who ends is not there any more and looks behind that.
        Interlocked.MemoryBarrier();
        if (_rest == Rest.ForCompletions)
        {
            lock (_lock)
            {
                Want_NeedsLock();
            }
        }
    }

    private bool TryTakeTurn()
    {
        if (_rest == Rest.None)
        {
            return false;
        }

        lock (_lock)
        {
            if (_rest == Rest.None || _turn != Turn.Nobody || _isWanted || _ended is not null)
            {
                return false;
            }

            _turn = Turn.Other;
            _othersTurns++;
            return true;
        }
    }

    private void Run()
    {
        RpcCloseReason? reason = null;
        _receiver.Completions = _completions;
        while (reason is null)
        {
            int blocking = _receiver.BlockingAnswers;
            long completed = _completions.Added;
            reason = Step();
            if (reason is not null)
            {
                break;
            }

            bool wasBlocking = _receiver.BlockingAnswers != blocking;
            bool wasAwaiting = _completions.Added != completed;
            if (wasBlocking && _pending.Unanswered == 0 && !_completions.HasLeft)
            {
                reason = _beforeCallers.IsOver() ? RestFor(Rest.ForCallers, _beforeCallers) : null;
            }
            else if (wasAwaiting && !wasBlocking && Intake.LooksCheaply)
            {
                reason = _beforeCompletions.IsOver() ? RestFor(Rest.ForCompletions, _beforeCompletions) : null;
            }
            else
            {
                _beforeCallers.Restart();
                _beforeCompletions.Restart();
            }
        }

        lock (_lock)
        {
            _ended = reason;
        }

        _completions.End();
        End(reason);
    }

    private bool Watches => _completions.HasLeft || _outbox.HasCorked;

    private RpcCloseReason? Step()
    {
        RpcCloseReason? reason = null;
        bool hasCome = false;
        if (Watches)
        {
            // Mostly they are gone within microseconds: a sleep that is not bounded by a clock then costs no waking for nothing.
            reason = Intake.Step(Intake.Soon, out hasCome);
        }

        if (reason is null && !hasCome)
        {
            reason = Intake.Step(Watches ? Completions.LookMilliseconds : Timeout.Infinite, out hasCome);
        }

        bool isHeldUp = _completions.HasLeft && _completions.Look();
        if (isHeldUp || !hasCome)
        {
            // Somebody who was completed holds up what he and others asked just before.
            _outbox.Uncork();
        }

        return reason;
    }

    /// <summary>Leaves the turn to others until it is wanted back.</summary>
    private RpcCloseReason? RestFor(Rest rest, Hesitation hesitation)
    {
        lock (_lock)
        {
            long turnsBefore = _othersTurns;
            _turn = Turn.Nobody;
            _rest = rest;
            Interlocked.MemoryBarrier();
            _isWanted = rest == Rest.ForCallers ? _pending.Unanswered > 0 : !_completions.IsUnderWay;
            long seen = -1;
            while (_turn != Turn.Nobody || (!_isWanted && seen != _othersTurns))
            {
                seen = _othersTurns;
                Monitor.Wait(_lock, LookMilliseconds);
            }

            // A rest for callers that somebody ended was of no use: those that do not block, that give up, or several at once, only pay for the next
            // one. So was one in which the work item did not come to read: a caller that it completed holds it up, and everybody waited.
            bool wasDisturbed = _isWanted == (rest == Rest.ForCallers);
            if (wasDisturbed)
            {
                hesitation.Disturbed();
            }
            else if (_othersTurns - turnsBefore > TurnsThatPay)
            {
                hesitation.Paid();
            }
            else
            {
                hesitation.Failed();
            }

            _turn = Turn.Thread;
            _isWanted = false;
            _rest = Rest.None;
            return _ended;
        }
    }

    private void Want_NeedsLock()
    {
        _isWanted = true;
        if (_turn == Turn.Nobody)
        {
            Monitor.Pulse(_lock);
        }
    }
}

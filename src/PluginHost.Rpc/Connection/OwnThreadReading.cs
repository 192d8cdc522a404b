namespace PluginHost.Rpc.Connection;

/// <summary>
/// A thread of the connection's own reads, and a caller that blocks reads for itself while that thread rests: an answer then comes to the thread that
/// waits for it, without waking another. The thread rests only after it completed a caller that blocked and while nothing else is pending; it looks
/// every millisecond whether callers still come, and reads again when none did, when another call waits, or when a caller reads in vain.
/// </summary>
/// <param name="intake">What is read from.</param>
/// <param name="receiver">Counts the answers of blocking callers.</param>
/// <param name="pending">The calls that wait.</param>
/// <param name="outbox">Sends what was kept together for too long.</param>
/// <param name="gathering">Keeps requests together.</param>
/// <param name="end">Closes the connection.</param>
/// <param name="name">The thread's name.</param>
internal sealed class OwnThreadReading(
    Intake intake, Receiver receiver, PendingTable pending, Outbox outbox, Gathering gathering, Action<RpcCloseReason> end, string name)
    : Reading(intake, end)
{
    private const int LookMilliseconds = 1;
    private const int LongestCallerTurn = 10;
    private const int LongestGathering = 1;
    private const int MostHesitation = 64;
    private readonly object _lock = new();
    private readonly Completions _completions = new();
    private Turn _turn = Turn.Thread;
    private bool _isResting;
    private bool _isWanted;
    private long _callerTurns;
    private RpcCloseReason? _ended;
    private int _hesitation = 1;
    private int _hesitated;

    private enum Turn
    {
        Nobody,
        Thread,
        Caller,
    }

    /// <inheritdoc/>
    public override void Start() => new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();

    /// <inheritdoc/>
    public override void Expect()
    {
        // The call is in the table and the turn is looked at behind it; who gives a turn back looks at the table behind that.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isResting))
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
        if (call.IsDone || !Volatile.Read(ref _isResting))
        {
            return;
        }

        lock (_lock)
        {
            if (_turn != Turn.Nobody || _isWanted || _ended is not null)
            {
                return;
            }

            _turn = Turn.Caller;
            _callerTurns++;
        }

        // Whoever reads for itself soon stops, and nobody would look after those it completed.
        receiver.Completions = null;
        gathering.Pause(true);
        RpcCloseReason? reason = null;
        bool hasCome = true;
        while (!call.IsDone && hasCome && reason is null)
        {
            // Bounded, so that a cancelled caller is not held here; one whose call takes long leaves the reading to the thread.
            reason = Intake.Step(LongestCallerTurn, out hasCome);
        }

        gathering.Pause(false);
        receiver.Completions = _completions;
        lock (_lock)
        {
            _turn = Turn.Nobody;
            _ended = reason;
            if (reason is not null || _isWanted || !call.IsDone || pending.Unanswered > 0)
            {
                Want_NeedsLock();
            }
        }
    }

    private void Run()
    {
        RpcCloseReason? reason = null;
        receiver.Completions = _completions;
        while (reason is null)
        {
            int answers = receiver.BlockingAnswers;
            reason = StepGathering();
            if (reason is null && receiver.BlockingAnswers != answers && pending.Unanswered == 0 && !_completions.HasLeft)
            {
                if (++_hesitated >= _hesitation)
                {
                    _hesitated = 0;
                    reason = Rest();
                }
            }
            else
            {
                _hesitated = 0;
            }
        }

        lock (_lock)
        {
            _ended = reason;
        }

        _completions.End();
        End(reason);
    }

    private RpcCloseReason? StepGathering()
    {
        bool isGathering = gathering.IsOpen;
        gathering.Begin();
        int longest = isGathering ? LongestGathering : _completions.HasLeft ? Completions.LookMilliseconds : Timeout.Infinite;
        RpcCloseReason? reason = Intake.Step(longest, out bool hasCome);
        if (!hasCome && isGathering && gathering.IsOpen)
        {
            gathering.GiveUp();
            outbox.Uncork();
        }

        if (_completions.HasLeft)
        {
            _completions.Look();
        }

        return reason;
    }

    /// <summary>Leaves the turn to callers until it is wanted back.</summary>
    private RpcCloseReason? Rest()
    {
        lock (_lock)
        {
            long turnsBefore = _callerTurns;
            _turn = Turn.Nobody;
            Volatile.Write(ref _isResting, true);
            Interlocked.MemoryBarrier();
            _isWanted = pending.Unanswered > 0;
            long seen = -1;
            while (_turn != Turn.Nobody || (!_isWanted && seen != _callerTurns))
            {
                seen = _callerTurns;
                Monitor.Wait(_lock, LookMilliseconds);
            }

            // A rest that somebody ended was of no use: callers that do not block, that give up, or several at once, only pay for the next one.
            _hesitation = _isWanted ? MostHesitation : _callerTurns - turnsBefore > 3 ? 1 : Math.Min(MostHesitation, _hesitation * 2);
            _turn = Turn.Thread;
            _isWanted = false;
            Volatile.Write(ref _isResting, false);
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

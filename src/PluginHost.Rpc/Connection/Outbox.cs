using System.Net.Sockets;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// What goes out. The first thread that queues a frame sends it, without ever waiting for the peer; what others queue meanwhile goes with the next
/// send. The reading thread may keep its answers back until it has read all that came. Where the system takes no more, a thread of the outbox's own
/// goes on. Thread-safe.
/// </summary>
/// <param name="transport">Where to send.</param>
/// <param name="limit">How many bytes may be unsent.</param>
/// <param name="refill">Called on the outbox's own thread when there is room again: queues requests that wait.</param>
/// <param name="name">The thread's name.</param>
internal sealed class Outbox(RpcTransport transport, int limit, Action refill, string name)
{
    /// <summary>In place of a reader's turn: the frame is kept back for those that the same thread queues next.</summary>
    public const long KeptTogether = -1;

    /// <summary>How many times the limit answers may use: they cannot wait for room, their handlers have ended.</summary>
    public const int AnswerShare = 4;

    private const int LargestKept = 256 * 1024;
    private const int LargestSend = 256 * 1024;
    private const int MostCorked = 16 * 1024;
    private const int MostCorkedFrames = 32;
    private readonly Lock _lock = new();
    private readonly OutboxThread _thread = new(name);
    private OutputBuffer _filling = new();
    private OutputBuffer _sending = new();
    private int _sendingFrom;
    private bool _isFlushing;
    private bool _isClosed;
    private bool _isRefillWanted;
    private bool _hasCorked;
    private int _corkedFrames;
    private long _corkTurn = 1;
    private long _appended;
    private long _sent;
    private long _offered;
    private SocketException? _failure;
    private TaskCompletionSource? _room;

    /// <summary>
    /// All bytes that the system has taken or was just offered: said before it takes them, because the peer may act on them, and end the connection,
    /// before the thread that sent them goes on.
    /// </summary>
    public long Sent => Volatile.Read(ref _offered);

    /// <summary>Why nothing can be sent any more, or null.</summary>
    public SocketException? Failure => Volatile.Read(ref _failure);

    /// <summary>True while frames are kept back.</summary>
    public bool HasCorked => Volatile.Read(ref _hasCorked);

    /// <summary>Names the reader that may keep frames back, until another one reads.</summary>
    public long CorkTurn => Volatile.Read(ref _corkTurn);

    /// <summary>True while more than half of the limit is unsent.</summary>
    public bool IsCrowded
    {
        get
        {
            lock (_lock)
            {
                return !_isClosed && _appended - _sent > limit / 2;
            }
        }
    }

    /// <summary>True while somebody waits for <see cref="Room"/>.</summary>
    public bool IsRoomWanted => Volatile.Read(ref _room) is not null;

    /// <summary>Ends once no more than half of the limit is unsent, or nothing is sent any more. Null where that is so already.</summary>
    public Task? Room()
    {
        lock (_lock)
        {
            return _isClosed || _appended - _sent <= limit / 2
                ? null
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Queues a frame, and sends it where nobody else is sending.</summary>
    /// <param name="frame">A whole frame.</param>
    /// <param name="use">What it is.</param>
    /// <param name="request">The request's call, or null.</param>
    /// <param name="corkTurn">
    /// The reader's <see cref="CorkTurn"/> where it keeps the frame back until <see cref="Uncork"/>; 0 where the frame goes out at once.
    /// </param>
    public AppendResult Append(ReadOnlySpan<byte> frame, FrameUse use, PendingCall? request, long corkTurn)
    {
        bool isAlone;
        lock (_lock)
        {
            if (_isClosed)
            {
                return AppendResult.Closed;
            }

            long unsent = _appended - _sent;
            long most = use == FrameUse.Answer ? (long)AnswerShare * limit : limit;
            if (unsent > 0 && unsent + frame.Length > most)
            {
                return AppendResult.Full;
            }

            if (request is not null)
            {
                request.FrameStart = _appended;
            }

            _appended += frame.Length;
            if (_isFlushing)
            {
                _filling.Write(frame);
                return AppendResult.Queued;
            }

            if (MayCork_NeedsLock(corkTurn) && _filling.Length + frame.Length < MostCorked)
            {
                _filling.Write(frame);
                _corkedFrames++;
                _hasCorked = true;
                return AppendResult.Queued;
            }

            isAlone = _filling.Length == 0;
            if (!isAlone)
            {
                _filling.Write(frame);
            }

            _hasCorked = false;
            _corkedFrames = 0;
            _isFlushing = true;
        }

        Flush(isAlone ? frame : default);
        return AppendResult.Queued;
    }

    /// <summary>Sends what the reader kept back.</summary>
    public void Uncork()
    {
        // Where somebody else has sent it meanwhile, that is seen inside.
        if (!Volatile.Read(ref _hasCorked))
        {
            return;
        }

        lock (_lock)
        {
            bool isNeeded = _hasCorked && !_isFlushing && !_isClosed;
            _hasCorked = false;
            _corkedFrames = 0;
            if (!isNeeded)
            {
                return;
            }

            _isFlushing = true;
        }

        Flush(default);
    }

    /// <summary>Sends what another reader kept back; from here on that one cannot keep anything back.</summary>
    public void TakeCork()
    {
        lock (_lock)
        {
            _corkTurn++;
        }

        Uncork();
    }

    /// <summary>Makes sure that the outbox's own thread looks at the requests that wait.</summary>
    public void WakeForWaiting()
    {
        lock (_lock)
        {
            _isRefillWanted = true;
            if (_isFlushing || _isClosed)
            {
                return;
            }

            // What was sent last may still lie there.
            _sending.Clear();
            _sendingFrom = 0;
            _isFlushing = true;
        }

        HandOver();
    }

    /// <summary>Takes no more frames and ends the own thread. Does not wait.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            TellRoom_NeedsLock();
        }

        _thread.End();
    }

    private bool MayCork_NeedsLock(long corkTurn) =>
        (corkTurn == _corkTurn || corkTurn == KeptTogether) && _corkedFrames < MostCorkedFrames;

    private void Flush(ReadOnlySpan<byte> first)
    {
        try
        {
            SendAttempt attempt;
            if (first.Length > 0)
            {
                Volatile.Write(ref _offered, _sent + first.Length);
                attempt = transport.TrySend(first);
                Volatile.Write(ref _sent, _sent + attempt.Sent);
                if (attempt.IsFull)
                {
                    Volatile.Write(ref _offered, _sent);
                    _sending.Clear();
                    _sending.Write(first[attempt.Sent..]);
                    _sendingFrom = 0;
                    HandOver();
                    return;
                }
            }

            while (Swap(out bool isRefillWanted))
            {
                Volatile.Write(ref _offered, isRefillWanted ? _sent : _sent + _sending.Length);
                attempt = isRefillWanted ? new SendAttempt(0, IsFull: true) : transport.TrySend(_sending.WrittenSpan);
                Volatile.Write(ref _sent, _sent + attempt.Sent);
                if (attempt.IsFull)
                {
                    Volatile.Write(ref _offered, _sent);
                    _sendingFrom = attempt.Sent;
                    HandOver();
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Fail(e);
        }
    }

    /// <summary>Makes what others queued the next to be sent; false where there is nothing to do, and then nobody is sending.</summary>
    private bool Swap(out bool isRefillWanted)
    {
        lock (_lock)
        {
            TellRoom_NeedsLock();
            isRefillWanted = _isRefillWanted;
            _isRefillWanted = false;
            if (_filling.Length == 0 && !isRefillWanted)
            {
                _isFlushing = false;
                return false;
            }

            (_filling, _sending) = (_sending, _filling);
            _filling.Clear();
            _filling.ShrinkAbove(LargestKept);
            _sendingFrom = 0;
            return true;
        }
    }

    private void HandOver() => _thread.Run(GoOn);

    /// <summary>On the own thread: sends with waiting, for the peer is slower than its callers.</summary>
    private void GoOn()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }
        }

        try
        {
            do
            {
                SendAll();
                refill();
            }
            while (Swap(out _));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Fail(e);
        }
    }

    private void SendAll()
    {
        while (_sendingFrom < _sending.Length)
        {
            int count = Math.Min(LargestSend, _sending.Length - _sendingFrom);
            Volatile.Write(ref _offered, _sent + count);
            int sent = transport.Send(_sending.WrittenSpan.Slice(_sendingFrom, count));
            _sendingFrom += sent;
            Volatile.Write(ref _sent, _sent + sent);
            Volatile.Write(ref _offered, _sent);
            TellRoom();
            refill();
        }
    }

    private void TellRoom()
    {
        lock (_lock)
        {
            TellRoom_NeedsLock();
        }
    }

    /// <summary>Wakes whoever waits for room. After each change of what is sent, for those that came to wait before it.</summary>
    private void TellRoom_NeedsLock()
    {
        if (_room is not null && (_isClosed || _appended - _sent <= limit / 2))
        {
            _room.TrySetResult();
            _room = null;
        }
    }

    /// <summary>Nothing can be sent any more. The reader goes on: what the peer sent before it ended is worth reading.</summary>
    private void Fail(Exception cause)
    {
        lock (_lock)
        {
            _isClosed = true;
            TellRoom_NeedsLock();
        }

        Volatile.Write(ref _failure, cause as SocketException ?? new SocketException((int)SocketError.OperationAborted, cause.Message));
    }
}

using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// The calls that came in and have not ended: by id for cancellation and for duplicates, bounded, pooled. Requests start in the order they came in,
/// side by side; notifications run one after another, and what came behind a notification starts behind it. Thread-safe.
/// </summary>
/// <param name="limit">How many may be queued or running.</param>
/// <param name="sender">Sends answers.</param>
/// <param name="leases">What outlives calls.</param>
/// <param name="threads">Where handlers run that the reading thread does not run itself; null for the thread pool, and then it runs none.</param>
internal sealed partial class InboundCalls(int limit, FrameSender sender, ConnectionLeases leases, HandlerThreads? threads)
{
    private const int MostSpares = 256;

    /// <summary>How long calls that wait for a thread may hold up quick ones behind them without any of them having begun.</summary>
    private static readonly TimeSpan s_longestHold = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly Stack<IncomingCall> _spares = new();
    private readonly Dictionary<long, IncomingCall> _byId = [];

    // In most cases the only one there is, and so needs no table: it ends before the next one comes.
    private IncomingCall? _alone;
    private readonly List<IncomingCall> _withOtherId = [];
    private readonly Queue<IncomingCall> _ordered = new();
    private readonly HashSet<IncomingCall> _withoutId = [];
    private IncomingCall? _next;
    private bool _isNotifying;
    private bool _isBeginning;
    private bool _isClosed;
    private int _count;
    private int _queued;
    private long _lastStart;

    /// <inheritdoc cref="RpcOptions.Chain"/>
    public CallChain? Chain { get; init; }

    /// <summary>The clock that measures handlers.</summary>
    public TimeProvider Clock => sender.Clock;

    /// <summary>The connection's large values; null where they are part of their messages.</summary>
    public PayloadPort? Payloads => sender.Payloads;

    /// <inheritdoc cref="RpcOptions.TellsInside"/>
    public bool TellsInside => sender.TellsInside;

    /// <summary>What outlives calls.</summary>
    public ConnectionLeases Leases => leases;

    /// <summary>True where a handler's activity becomes a child of the caller's.</summary>
    public bool TrustsPeerTrace => sender.Options.TrustsPeerTrace;

    /// <summary>How many are queued or running.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a call.</summary>
    /// <param name="frame">The message.</param>
    /// <param name="envelope">Its parts.</param>
    /// <param name="codec">Its codec.</param>
    /// <param name="found">The method.</param>
    /// <param name="toRun">The call where the calling thread is to run it at once, null where it was queued.</param>
    /// <returns>0, or the code of the error to answer.</returns>
    public int Accept(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, in FoundMethod found, out IncomingCall? toRun)
    {
        toRun = null;
        IncomingCall call;
        lock (_lock)
        {
            if (_isClosed || _count >= limit)
            {
                return RpcErrorCodes.LimitExceeded;
            }

            ReadOnlySpan<byte> rawId = envelope.RawId.Of(frame);
            if (Find_NeedsLock(envelope.IdKind, envelope.Id, rawId) is not null)
            {
                return RpcErrorCodes.InvalidRequest;
            }

            call = _spares.TryPop(out IncomingCall? spare) ? spare : new IncomingCall(this);
            call.Fill(frame, in envelope, codec, in found);
            _count++;
            bool isNotification = call.IdKind == IdKind.None;
            Register_NeedsLock(call);
            if (_ordered.Count > 0 || (isNotification ? _isNotifying : _isBeginning))
            {
                _ordered.Enqueue(call);
                return 0;
            }

            if (isNotification)
            {
                _isNotifying = _isBeginning = true;
            }

            if (threads is not null && found.Pace is { IsQuick: true } && MayOvertake_NeedsLock())
            {
                call.IsStarted = true;
                toRun = call;
                return 0;
            }

            if (isNotification)
            {
                _next = call;
            }
            else
            {
                CountQueued_NeedsLock(call);
            }
        }

        Queue(call);
        return 0;
    }

    /// <summary>Queues a call that the reading thread was to run and could not.</summary>
    public void RunElsewhere(IncomingCall call)
    {
        lock (_lock)
        {
            call.IsStarted = false;
            if (call.IdKind == IdKind.None)
            {
                _next = call;
            }
            else
            {
                CountQueued_NeedsLock(call);
            }
        }

        Queue(call);
    }

    /// <summary>Cancels a call by its id: one that is queued is answered without being started. An unknown id is nothing.</summary>
    public void Cancel(IdKind kind, long id, ReadOnlySpan<byte> rawId)
    {
        IncomingCall? call;
        lock (_lock)
        {
            call = Find_NeedsLock(kind, id, rawId);
            if (call is null || call.IsCancelled)
            {
                return;
            }

            call.IsCancelled = true;
            call.AskedToStop = Clock.GetTimestamp();
            if (!call.IsStarted)
            {
                return;
            }
        }

        call.CancelLater();
    }

    /// <summary>Takes no more calls and cancels all.</summary>
    public void Close()
    {
        List<IncomingCall> running = [];
        lock (_lock)
        {
            _isClosed = true;
            foreach (IncomingCall call in _byId.Values.Concat(_withOtherId).Concat(_withoutId).Concat(_alone is null ? [] : [_alone]))
            {
                if (!call.IsCancelled)
                {
                    call.IsCancelled = true;
                    if (call.IsStarted)
                    {
                        running.Add(call);
                    }
                }
            }
        }

        running.ForEach(static call => call.CancelLater());
    }

    /// <summary>Marks a call as running; false where it was cancelled before.</summary>
    public bool TryStart(IncomingCall call)
    {
        lock (_lock)
        {
            if (call.IsQueued)
            {
                call.IsQueued = false;
                _queued--;
                _lastStart = _queued > 0 && threads is not null ? Clock.GetTimestamp() : 0;
            }

            call.IsStarted = true;
            return !call.IsCancelled;
        }
    }

    /// <summary>Frees a call's id: from here on a cancellation does not find it, and the peer may use the id again.</summary>
    public void Answering(IncomingCall call)
    {
        lock (_lock)
        {
            Unregister_NeedsLock(call);
        }
    }

    /// <summary>Takes a call back whose handler has ended.</summary>
    public void Finished(IncomingCall call)
    {
        bool isNotification = call.IdKind == IdKind.None;
        if (isNotification)
        {
            Answering(call);
        }

        // Outside the lock: resetting a token's source waits for callbacks. Nobody can find the call any more.
        bool isReusable = call.TryReset();
        lock (_lock)
        {
            _count--;
            if (isReusable && _spares.Count < MostSpares)
            {
                _spares.Push(call);
            }

            if (isNotification)
            {
                _isNotifying = false;
            }
        }

        if (isNotification)
        {
            GoOn();
        }
    }

    /// <inheritdoc cref="FrameSender.Begin"/>
    public OutputBuffer BeginFrame() => sender.Begin();

    /// <inheritdoc cref="FrameSender.CheckSize"/>
    public void CheckSize(OutputBuffer output) => sender.CheckSize(output);

    /// <summary>Ends and sends an answer's frame.</summary>
    public void SendFrame(OutputBuffer output, long corkTurn = 0) => sender.SendAnswer(output, corkTurn);

    /// <inheritdoc cref="FrameSender.SendError"/>
    public void SendError(RpcCodec codec, ReadOnlySpan<byte> rawId, int code, string message, Exception? exception) =>
        sender.SendError(codec, rawId, code, message, exception);

    /// <inheritdoc cref="FrameSender.NotificationFailed"/>
    public void NotificationFailed(string method, Exception exception) => sender.NotificationFailed(method, exception);

    /// <inheritdoc cref="FrameSender.CancellationFailed"/>
    public void CancellationFailed(Exception exception) => sender.CancellationFailed(exception);
}

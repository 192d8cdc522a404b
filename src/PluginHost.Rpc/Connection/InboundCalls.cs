using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// The calls that came in and have not ended: by id for cancellation and for duplicates, bounded, pooled. Requests run side by side on the pool;
/// notifications one after another, in order. Thread-safe.
/// </summary>
/// <param name="limit">How many may be queued or running.</param>
/// <param name="sender">Sends answers.</param>
/// <param name="leases">What outlives calls.</param>
internal sealed class InboundCalls(int limit, FrameSender sender, ConnectionLeases leases) : IThreadPoolWorkItem
{
    private const int MostSpares = 256;
    private readonly Lock _lock = new();
    private readonly Stack<IncomingCall> _spares = new();
    private readonly Dictionary<long, IncomingCall> _byId = [];
    private readonly List<IncomingCall> _withOtherId = [];
    private readonly Queue<IncomingCall> _notifications = new();
    private readonly HashSet<IncomingCall> _withoutId = [];
    private bool _isNotifying;
    private bool _isClosed;
    private int _count;

    /// <summary>The clock that measures handlers.</summary>
    public TimeProvider Clock => sender.Clock;

    /// <summary>What outlives calls.</summary>
    public ConnectionLeases Leases => leases;

    /// <summary>How many are queued or running.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Queues a call for the pool.</summary>
    /// <returns>0, or the code of the error to answer.</returns>
    public int Accept(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, Dispatcher dispatcher, int method)
    {
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
            call.Fill(frame, in envelope, codec, dispatcher, method);
            _count++;
            if (!Register_NeedsLock(call))
            {
                return 0;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(call.IdKind == IdKind.None ? this : (IThreadPoolWorkItem)call, preferLocal: false);
        return 0;
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
            foreach (IncomingCall call in _byId.Values.Concat(_withOtherId).Concat(_withoutId).Concat(_notifications))
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
        bool hasMore;
        lock (_lock)
        {
            Unregister_NeedsLock(call);
            _count--;
            hasMore = isNotification && _notifications.Count > 0;
            _isNotifying = isNotification ? hasMore : _isNotifying;
        }

        // Outside the lock: resetting a token's source waits for callbacks. Nobody can find the call any more.
        if (call.TryReset())
        {
            lock (_lock)
            {
                if (_spares.Count < MostSpares)
                {
                    _spares.Push(call);
                }
            }
        }

        if (hasMore)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Runs the next notification.</summary>
    public void Execute()
    {
        IncomingCall call;
        lock (_lock)
        {
            call = _notifications.Dequeue();
            _withoutId.Add(call);
        }

        call.Execute();
    }

    /// <inheritdoc cref="FrameSender.Begin"/>
    public OutputBuffer BeginFrame() => sender.Begin();

    /// <inheritdoc cref="FrameSender.CheckSize"/>
    public void CheckSize(OutputBuffer output) => sender.CheckSize(output);

    /// <summary>Ends and sends an answer's frame.</summary>
    public void SendFrame(OutputBuffer output) => sender.SendAnswer(output);

    /// <inheritdoc cref="FrameSender.SendError"/>
    public void SendError(RpcCodec codec, ReadOnlySpan<byte> rawId, int code, string message, Exception? exception) =>
        sender.SendError(codec, rawId, code, message, exception);

    /// <inheritdoc cref="FrameSender.NotificationFailed"/>
    public void NotificationFailed(string method, Exception exception) => sender.NotificationFailed(method, exception);

    /// <inheritdoc cref="FrameSender.CancellationFailed"/>
    public void CancellationFailed(Exception exception) => sender.CancellationFailed(exception);

    /// <summary>Remembers a call; false where nothing is to be queued because a notification is running.</summary>
    private bool Register_NeedsLock(IncomingCall call)
    {
        switch (call.IdKind)
        {
            case IdKind.None:
                _notifications.Enqueue(call);
                bool wasNotifying = _isNotifying;
                _isNotifying = true;
                return !wasNotifying;
            case IdKind.Integer:
                _byId.Add(call.Id, call);
                return true;
            default:
                _withOtherId.Add(call);
                return true;
        }
    }

    private void Unregister_NeedsLock(IncomingCall call)
    {
        switch (call.IdKind)
        {
            case IdKind.None:
                _withoutId.Remove(call);
                break;
            case IdKind.Integer:
                // The id may be another call's already: it was free since this one's answer.
                if (_byId.TryGetValue(call.Id, out IncomingCall? held) && ReferenceEquals(held, call))
                {
                    _byId.Remove(call.Id);
                }

                break;
            default:
                _withOtherId.Remove(call);
                break;
        }
    }

    private IncomingCall? Find_NeedsLock(IdKind kind, long id, ReadOnlySpan<byte> rawId)
    {
        switch (kind)
        {
            case IdKind.Integer:
                return _byId.TryGetValue(id, out IncomingCall? numbered) ? numbered : null;
            case IdKind.Raw:
                foreach (IncomingCall call in _withOtherId)
                {
                    if (call.IdKind == IdKind.Raw && call.RawId.SequenceEqual(rawId))
                    {
                        return call;
                    }
                }

                return null;
            default:
                return null;
        }
    }
}

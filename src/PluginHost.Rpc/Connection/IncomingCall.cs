using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// A call or notification that came in: a copy of its arguments, and the reply's place. Pooled; runs on the thread pool. Its state is guarded by
/// the <see cref="InboundCalls"/>.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing; a late cancellation may still come.")]
internal sealed partial class IncomingCall : Reply, IThreadPoolWorkItem
{
    private const int LargestKept = 64 * 1024;
    private readonly InboundCalls _owner;
    private readonly Action _continue;
    private readonly OutputBuffer _bytes = new();
    private readonly CancellationTokenSource _source = new();
    private readonly CallLeases _leases = new(ArgumentSequences.Instance);
    private ValueTaskAwaiter _awaiter;
    private Dispatcher? _dispatcher;
    private int _method;
    private int _idLength;
    private RpcCodec _codec;
    private long _started;
    private long _sent;
    private long _corkTurn;
    private int _corkThread;
    private readonly InboundPayloads? _payloads;
    private bool _isAnswered;
    private bool _isRead;
    private bool _isCalled;
    private string? _chain;
    private ActivityContext _caller;
    private Activity? _activity;

    public IncomingCall(InboundCalls owner)
    {
        _owner = owner;
        _continue = Continue;
        _payloads = owner.Payloads?.CreateSource(isOfCall: true);
    }

    /// <inheritdoc/>
    public override CancellationToken LeaseToken => _leases.LifetimeToken;

    /// <inheritdoc/>
    public override void ArgumentsRead() => _isCalled = true;

    /// <summary>What the id is; none for a notification.</summary>
    public IdKind IdKind { get; private set; }

    /// <summary>The id, where it is an integer.</summary>
    public long Id { get; private set; }

    /// <summary>The codec the call came in and the answer goes out.</summary>
    public RpcCodec Codec => _codec;

    /// <summary>The id as it was written.</summary>
    public ReadOnlySpan<byte> RawId => _bytes.WrittenSpan[.._idLength];

    /// <summary>True while it counts as one that waits for a thread.</summary>
    public bool IsQueued { get; set; }

    /// <summary>True once the handler runs.</summary>
    public bool IsStarted { get; set; }

    /// <summary>True once the peer asked to cancel, or the connection ended. Such a call is not used again.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>The contract's name of the method, for logs.</summary>
    public string Method => _dispatcher!.Contract.Methods[_method].WireName;

    /// <summary>How quick the method's handlers are; null where that is not remembered.</summary>
    public MethodPace? Pace { get; private set; }

    /// <summary>Takes a call over from the reader's buffer.</summary>
    public void Fill(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, in FoundMethod found)
    {
        ReadOnlySpan<byte> rawId = envelope.RawId.Of(frame);
        _bytes.Write(rawId);
        _bytes.Write(envelope.Params.IsAbsent ? codec == RpcCodec.MessagePack ? [MessagePackCode.Nil] : "null"u8 : envelope.Params.Of(frame));
        _idLength = rawId.Length;
        _codec = codec;
        _dispatcher = found.Dispatcher;
        _method = found.Method;
        _chain = ChainMember.Read(frame, in envelope, codec);
        Pace = found.Pace;
        IdKind = envelope.IdKind;
        Id = envelope.Id;
        IsStarted = false;
        IsQueued = false;
        _sent = 0;
        _corkTurn = 0;
        _isAnswered = false;
        _isRead = false;
        _isCalled = false;
        if (TraceContext.Source.HasListeners())
        {
            TraceContext.TryRead(frame, in envelope, codec, out _caller);
        }
    }

    /// <summary>Forgets the call; false where the object must not be used again.</summary>
    public bool TryReset()
    {
        EndPayloads();
        _dispatcher = null;
        _awaiter = default;
        _caller = default;
        _activity = null;
        _bytes.Clear();
        _bytes.ShrinkAbove(LargestKept);
        _leases.Reset();
        return !IsCancelled && _source.TryReset();
    }

    /// <summary>Cancels the handler's token, on a pool thread: what is registered there is the handler's code.</summary>
    public void CancelLater() => ThreadPool.UnsafeQueueUserWorkItem(static call => call.CancelNow(), this, preferLocal: false);

    /// <inheritdoc/>
    public void Execute()
    {
        if (!_owner.TryStart(this))
        {
            Answer(RpcErrorCodes.Cancelled, "The call was cancelled before it started.", null);
            bool wasNotification = IdKind == IdKind.None;
            _owner.Finished(this);
            if (wasNotification)
            {
                _owner.Began();
            }

            return;
        }

        Run();
    }

    /// <summary>Runs on the reading thread a call that counts as started; an answer that is there at once goes out with the others of its batch.</summary>
    /// <param name="corkTurn">The reader's <see cref="Outbox.CorkTurn"/>.</param>
    public void RunHere(long corkTurn)
    {
        _corkThread = Environment.CurrentManagedThreadId;
        _corkTurn = corkTurn;
        Run();
    }

    private void Run()
    {
        // By the end this object may be another call's.
        bool isNotification = IdKind == IdKind.None;
        InboundCalls owner = _owner;
        if (TraceContext.Source.HasListeners())
        {
            RunTraced();
        }
        else
        {
            Start();
        }

        if (isNotification)
        {
            owner.Began();
        }
    }

    /// <summary>Starts with an activity around the handler; this thread has its own one back behind it.</summary>
    private void RunTraced()
    {
        Activity? before = Activity.Current;
        Activity.Current = null;
        _activity = TraceContext.Start(Method, _caller, _owner.TrustsPeerTrace);
        try
        {
            Start();
        }
        finally
        {
            Activity.Current = before;
        }
    }

    [SuppressMessage("Reliability", "CA2012", Justification = "The task is consumed once, through its awaiter, without allocating.")]
    private void Start()
    {
        _started = _owner.Clock.GetTimestamp();
        try
        {
            _awaiter = (_chain is null ? Invoke() : InvokeInChain(_chain)).GetAwaiter();
            _isRead = true;
        }
        catch (ValueFormatException e) when (!_isCalled)
        {
            End(e, RpcErrorCodes.InvalidParams);
            return;
        }
        catch (Exception e)
        {
            End(e, RpcErrorCodes.Invocation);
            return;
        }

        if (_awaiter.IsCompleted)
        {
            Measure(_sent != 0 ? _sent : _owner.Clock.GetTimestamp(), hasEnded: true);
            Continue();
        }
        else
        {
            Measure(_owner.Clock.GetTimestamp(), hasEnded: false);
            _awaiter.UnsafeOnCompleted(_continue);
        }
    }

    /// <summary>Notes how long the handler held its thread.</summary>
    private void Measure(long until, bool hasEnded) => Pace?.Ran(_owner.Clock.GetElapsedTime(_started, until), hasEnded);

    /// <summary>Gives the arguments' large values back: what was borrowed cannot be reached any more.</summary>
    private void EndPayloads()
    {
        if (_payloads is null)
        {
            return;
        }

        try
        {
            if (!_isRead)
            {
                CallEncoder.DropPayloads(_bytes.WrittenSpan[_idLength..], _codec, _payloads);
            }
        }
        catch (Exception e) when (e is MalformedMessageException or ValueFormatException)
        {
            // The peer named memory it has not, and the connection is ending with that; or the arguments are no values, and name none.
        }

        _payloads.End(isDelivered: _isRead);
    }

    private void CancelNow()
    {
        try
        {
            _leases.Cancel();
            _source.Cancel();
        }
        catch (AggregateException e)
        {
            // A handler's callback failed while it was told to stop; the handler itself still ends, and is answered.
            _owner.CancellationFailed(e);
        }
    }

    private ValueTask InvokeInChain(string chain)
    {
        if (_owner.Chain is not { } ambient)
        {
            return Invoke();
        }

        ambient.Enter(chain);
        try
        {
            return Invoke();
        }
        finally
        {
            ambient.Leave();
        }
    }

    private ValueTask Invoke()
    {
        ReadOnlySpan<byte> arguments = _bytes.WrittenSpan[_idLength..];
        _leases.BeginArguments(_owner.Leases, _codec, _dispatcher!, _method);
        CallLeases? leases = IdKind == IdKind.None ? null : _leases;
        if (_codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(arguments, leases, _payloads);
            RequireArguments(reader.Peek());
            return _dispatcher!.InvokeAsync(_method, ref reader, this, _source.Token);
        }
        else
        {
            JsonValueReader reader = new(arguments, leases, _payloads);
            RequireArguments(reader.Peek());
            return _dispatcher!.InvokeAsync(_method, ref reader, this, _source.Token);
        }
    }

    private static void RequireArguments(ValueKind kind)
    {
        if (kind is not (ValueKind.Array or ValueKind.Map or ValueKind.Null))
        {
            throw new ValueFormatException($"The arguments are a {kind.ToString().ToLowerInvariant()}; expected an array, a map or null.");
        }
    }

    private void Continue()
    {
        try
        {
            _awaiter.GetResult();
        }
        catch (Exception e)
        {
            End(e, RpcErrorCodes.Invocation);
            return;
        }

        if (IdKind != IdKind.None && !_isAnswered)
        {
            Answer(RpcErrorCodes.Internal, $"{Method} ended without a result.", null);
        }

        _activity?.Stop();
        _owner.Finished(this);
    }
}

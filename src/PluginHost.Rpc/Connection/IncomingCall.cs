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

    /// <summary>When the peer asked to cancel, as a timestamp; 0 where it did not.</summary>
    public long AskedToStop { get; set; }

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
        AskedToStop = 0;
        _started = 0;
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

    /// <summary>What it is and how long it has been so. Only while it is not answered.</summary>
    public RunningCall Describe()
    {
        long started = Volatile.Read(ref _started);
        return new RunningCall(
            Method, started != 0, started == 0 ? TimeSpan.Zero : _owner.Clock.GetElapsedTime(started), AskedToStop == 0 ? null : _owner.Clock.GetElapsedTime(AskedToStop));
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
}

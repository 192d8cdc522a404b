using System.Threading.Tasks.Sources;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>A pending call of one method: pooled, and itself the source of the caller's task.</summary>
internal sealed class PendingCall<TCall, TResult> : PendingCall, IValueTaskSource<RpcReply<TResult>>
    where TCall : struct, ICall<TResult>
{
    private const int MostSpares = 1024;
    private static readonly Lock s_lock = new();
    private static PendingCall<TCall, TResult>? s_spares;
    private static int s_spareCount;

    // A caller that goes on mostly calls again: then nothing is locked.
    [ThreadStatic]
    private static PendingCall<TCall, TResult>? t_spare;

    private readonly object _signal = new();
    private readonly CallLeases _leases;
    private ManualResetValueTaskSourceCore<RpcReply<TResult>> _source = new() { RunContinuationsAsynchronously = true };
    private PendingCall<TCall, TResult>? _nextSpare;
    private RpcConnection? _connection;
    private CancellationTokenRegistration _registration;
    private TCall _call;
    private bool _isDone;
    private RpcReply<TResult> _late;
    private Exception? _lateFailure;

    private PendingCall() => _leases = new CallLeases(this);

    /// <inheritdoc/>
    public override bool IsDone => Volatile.Read(ref _isDone);

    /// <inheritdoc/>
    public override string Method => TCall.Method.WireName;

    /// <summary>The caller's task.</summary>
    public ValueTask<RpcReply<TResult>> Task => new(this, _source.Version);

    /// <summary>Takes a spare one or makes one.</summary>
    /// <param name="connection">Where the call goes.</param>
    /// <param name="call">The arguments.</param>
    /// <param name="timeout">The time it has.</param>
    /// <param name="isBlocking">True where the caller blocks in <see cref="Wait"/> and awaits no task.</param>
    /// <param name="caller">The caller's token.</param>
    public static PendingCall<TCall, TResult> Rent(
        RpcConnection connection, in TCall call, TimeSpan timeout, bool isBlocking, CancellationToken caller)
    {
        PendingCall<TCall, TResult>? pending = t_spare;
        t_spare = null;
        if (pending is null)
        {
            lock (s_lock)
            {
                pending = s_spares;
                if (pending is not null)
                {
                    s_spares = pending._nextSpare;
                    s_spareCount--;
                }
            }
        }

        pending ??= new PendingCall<TCall, TResult>();
        pending._nextSpare = null;
        pending._connection = connection;
        pending._call = call;
        pending.Caller = caller;
        pending.IsBlocking = isBlocking;
        pending._isDone = false;
        pending.Timeout = timeout;
        pending.FrameStart = -1;
        pending.IsCancelled = false;
        pending._source.RunContinuationsAsynchronously = true;
        return pending;
    }

    /// <summary>Listens to the caller's token; only once the request is queued, so that the cancellation is sent behind it.</summary>
    public void ListenToCaller()
    {
        if (Caller.CanBeCanceled)
        {
            _registration = Caller.UnsafeRegister(static state => ((PendingCall<TCall, TResult>)state!).CallerCancelled(), this);
        }
    }

    /// <summary>Blocks until the call has ended and gives its result.</summary>
    public RpcReply<TResult> Wait()
    {
        lock (_signal)
        {
            while (!_isDone)
            {
                Monitor.Wait(_signal);
            }
        }

        return GetResult(_source.Version);
    }

    /// <inheritdoc/>
    public override void Encode(OutputBuffer output, RpcCodec codec)
    {
        int start = output.Length;
        _leases.BeginRequest(_connection!.Leases, output, codec);
        if (_call is IAddressedCall)
        {
            ((IAddressedCall)_call).BeginRequest(output, codec, Id);
        }
        else
        {
            EnvelopeWriter.BeginRequest(output, codec, Id, TCall.Method.Utf8WireName);
        }

        CallEncoder.WriteArguments<TCall, TResult>(in _call, output, codec, _connection.SendsByName && _call is not ISequenceStep, _leases);
        if (TCall.HasChain && _call.Chain is { } chain)
        {
            ChainMember.Write(output, codec, start, chain);
        }

        TraceContext.Write(output, codec, start);
        EnvelopeWriter.End(output, codec);
    }

    /// <inheritdoc/>
    public override void Answer(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, InboundPayloads? payloads, Completions? completions)
    {
        RpcReply<TResult> reply = default;
        Exception? failure = null;
        bool isRead = false;
        try
        {
            if (envelope.Kind == MessageKind.Error)
            {
                failure = CallEncoder.ReadError<TCall, TResult>(envelope.Error.Of(frame), codec, payloads);
                failure = _call is IAddressedCall ? RpcReleasedException.Of(Method, failure) : failure;
                failure = IsCancelled && failure is RpcErrorException { Code: RpcErrorCodes.Cancelled } ? Cancelled() : failure;
            }
            else
            {
                reply = new RpcReply<TResult>(
                    CallEncoder.ReadResult<TCall, TResult>(envelope.Result.Of(frame), codec, _leases, payloads), envelope.Inside);
                isRead = true;
            }
        }
        catch (MalformedMessageException e)
        {
            // The peer names memory it has not: the connection ends with this, and the call with the connection.
            Fail(new RpcConnectionLostException(Method, RpcCloseReason.From(e), wasSent: true));
            throw;
        }
        catch (Exception e)
        {
            // Readers run code of the contract's types too: whatever comes out of them is this call's failure and nobody else's.
            failure = new RpcSerializationException($"The answer to {Method} cannot be read: {e.Message}", e);
        }
        finally
        {
            if (payloads is not null)
            {
                Receiver.EndPayloads(frame, in envelope, codec, payloads, isRead);
            }
        }

        if (_leases.IsUsed)
        {
            _leases.End(hasFailed: envelope.Kind == MessageKind.Error);
            (_late, _lateFailure) = (reply, failure);
            if (_leases.TryRunBehindReports(CompleteElsewhere))
            {
                return;
            }
        }

        if (completions is not null && !IsBlocking)
        {
            (_late, _lateFailure) = (reply, failure);
            completions.Add(this);
            return;
        }

        Complete(in reply, failure);
    }

    /// <inheritdoc/>
    public override void CompleteHere()
    {
        _source.RunContinuationsAsynchronously = false;
        Complete(in _late, _lateFailure);
    }

    /// <inheritdoc/>
    public override void CompleteElsewhere() => Complete(in _late, _lateFailure);

    /// <inheritdoc/>
    public override void Fail(Exception exception)
    {
        if (_leases.IsUsed || IsShared)
        {
            _leases.End(hasFailed: true, isGivenUp: true);
        }

        Complete(default, exception);
    }

    /// <inheritdoc/>
    public override LateAnswer Late => LateAnswer<TCall, TResult>.Instance;

    /// <inheritdoc/>
    public override OperationCanceledException Cancelled() => new($"{Method} was cancelled by its caller.", Caller);

    /// <inheritdoc/>
    public override RemoteSequence<T> Create<T, TCodec>(LeaseChannel channel, long? token, List<T> values) =>
        new RemoteSequence<TCall, TResult, T, TCodec>(channel, token, values);

    /// <inheritdoc/>
    public RpcReply<TResult> GetResult(short token)
    {
        if (token != _source.Version || _source.GetStatus(token) == ValueTaskSourceStatus.Pending)
        {
            // Throws; and the call is not given back, for it is still in use.
            return _source.GetResult(token);
        }

        // Waits for a cancellation that is on its way: behind this nobody knows the call.
        _registration.Dispose();
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            Return();
        }
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Complete(in RpcReply<TResult> reply, Exception? failure)
    {
        bool isBlocking = IsBlocking;
        if (failure is null)
        {
            _source.SetResult(reply);
        }
        else
        {
            _source.SetException(failure);
        }

        Wake(isBlocking);
    }

    private void CallerCancelled() => _connection!.Cancel(this, Id);

    /// <summary>Ends <see cref="Wait"/>. Where nobody waits there, this object may be another call's already: nothing of it is read here.</summary>
    private void Wake(bool isBlocking)
    {
        if (isBlocking)
        {
            lock (_signal)
            {
                _isDone = true;
                Monitor.Pulse(_signal);
            }
        }
    }

    private void Return()
    {
        if (IsShared)
        {
            return;
        }

        _source.Reset();
        _connection = null;
        _registration = default;
        Caller = default;
        _call = default;
        _late = default;
        _lateFailure = null;
        _leases.Reset();
        if (t_spare is null)
        {
            t_spare = this;
            return;
        }

        lock (s_lock)
        {
            if (s_spareCount < MostSpares)
            {
                _nextSpare = s_spares;
                s_spares = this;
                s_spareCount++;
            }
        }
    }
}

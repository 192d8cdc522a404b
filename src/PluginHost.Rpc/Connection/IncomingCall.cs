using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// A call or notification that came in: a copy of its arguments, and the reply's place. Pooled; runs on the thread pool. Its state is guarded by
/// the <see cref="InboundCalls"/>.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing; a late cancellation may still come.")]
internal sealed class IncomingCall : Reply, IThreadPoolWorkItem
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
    private bool _isAnswered;

    public IncomingCall(InboundCalls owner)
    {
        _owner = owner;
        _continue = Continue;
    }

    /// <inheritdoc/>
    public override CancellationToken LeaseToken => _leases.LifetimeToken;

    /// <summary>What the id is; none for a notification.</summary>
    public IdKind IdKind { get; private set; }

    /// <summary>The id, where it is an integer.</summary>
    public long Id { get; private set; }

    /// <summary>The codec the call came in and the answer goes out.</summary>
    public RpcCodec Codec => _codec;

    /// <summary>The id as it was written.</summary>
    public ReadOnlySpan<byte> RawId => _bytes.WrittenSpan[.._idLength];

    /// <summary>True once the handler runs.</summary>
    public bool IsStarted { get; set; }

    /// <summary>True once the peer asked to cancel, or the connection ended. Such a call is not used again.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>The contract's name of the method, for logs.</summary>
    public string Method => _dispatcher!.Contract.Methods[_method].WireName;

    /// <summary>Takes a call over from the reader's buffer.</summary>
    public void Fill(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, Dispatcher dispatcher, int method)
    {
        ReadOnlySpan<byte> rawId = envelope.RawId.Of(frame);
        _bytes.Write(rawId);
        _bytes.Write(envelope.Params.IsAbsent ? codec == RpcCodec.MessagePack ? [MessagePackCode.Nil] : "null"u8 : envelope.Params.Of(frame));
        _idLength = rawId.Length;
        _codec = codec;
        _dispatcher = dispatcher;
        _method = method;
        IdKind = envelope.IdKind;
        Id = envelope.Id;
        IsStarted = false;
        _isAnswered = false;
    }

    /// <summary>Forgets the call; false where the object must not be used again.</summary>
    public bool TryReset()
    {
        _dispatcher = null;
        _awaiter = default;
        _bytes.Clear();
        _bytes.ShrinkAbove(LargestKept);
        _leases.Reset();
        return !IsCancelled && _source.TryReset();
    }

    /// <summary>Cancels the handler's token, on a pool thread: what is registered there is the handler's code.</summary>
    public void CancelLater() => ThreadPool.UnsafeQueueUserWorkItem(static call => call.CancelNow(), this, preferLocal: false);

    /// <inheritdoc/>
    [SuppressMessage("Reliability", "CA2012", Justification = "The task is consumed once, through its awaiter, without allocating.")]
    public void Execute()
    {
        if (!_owner.TryStart(this))
        {
            Answer(RpcErrorCodes.Cancelled, "The call was cancelled before it started.", null);
            _owner.Finished(this);
            return;
        }

        _started = _owner.Clock.GetTimestamp();
        try
        {
            _awaiter = Invoke().GetAwaiter();
        }
        catch (ValueFormatException e)
        {
            // Thrown by the method itself and not by its task: the arguments did not fit and nothing was called.
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
            Continue();
        }
        else
        {
            _awaiter.UnsafeOnCompleted(_continue);
        }
    }

    /// <inheritdoc/>
    public override void Send<TResult>(in TResult result)
    {
        long inside = (long)_owner.Clock.GetElapsedTime(_started).TotalNanoseconds;
        if (IdKind == IdKind.None || _isAnswered)
        {
            return;
        }

        _isAnswered = true;
        _owner.Answering(this);
        OutputBuffer output = _owner.BeginFrame();
        try
        {
            EnvelopeWriter.BeginResult(output, _codec, RawId);
            _leases.BeginResult(output);
            CallEncoder.WriteResult(in result, output, _codec, _leases);
            EnvelopeWriter.EndResult(output, _codec, inside);
            _owner.CheckSize(output);
        }
        catch (Exception e)
        {
            // Writers run code of the contract's types: whatever comes out of them, the caller learns it and the connection lives.
            FrameSender.Abandon(output);
            _leases.DropResults();
            _isAnswered = false;
            Answer(RpcErrorCodes.ResultSerialization, $"The result of {Method} cannot be sent: {e.Message}", e);
            return;
        }

        EndLeases(hasFailed: false);
        _owner.SendFrame(output);
    }

    private void EndLeases(bool hasFailed)
    {
        if (_leases.IsUsed)
        {
            _leases.End(hasFailed);
        }
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

    private ValueTask Invoke()
    {
        ReadOnlySpan<byte> arguments = _bytes.WrittenSpan[_idLength..];
        _leases.BeginArguments(_owner.Leases, _codec, _dispatcher!, _method);
        CallLeases? leases = IdKind == IdKind.None ? null : _leases;
        if (_codec == RpcCodec.MessagePack)
        {
            MessagePackValueReader reader = new(arguments, leases);
            RequireArguments(reader.Peek());
            return _dispatcher!.InvokeAsync(_method, ref reader, this, _source.Token);
        }
        else
        {
            JsonValueReader reader = new(arguments, leases);
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

        _owner.Finished(this);
    }

    /// <summary>Answers what came out of the handler.</summary>
    private void End(Exception exception, int code)
    {
        if (IdKind == IdKind.None)
        {
            _owner.NotificationFailed(Method, exception);
        }
        else if (!_isAnswered)
        {
            if (exception is OperationCanceledException && IsCancelled)
            {
                Answer(RpcErrorCodes.Cancelled, "The call was cancelled.", null);
            }
            else if (exception is LeaseGoneException)
            {
                Answer(RpcErrorCodes.ObjectGone, exception.Message, null);
            }
            else if (code == RpcErrorCodes.Invocation && _dispatcher!.FindError(_method, exception) is { } type)
            {
                AnswerDeclared(type, exception);
            }
            else
            {
                Answer(code, exception.Message, code == RpcErrorCodes.InvalidParams ? null : exception);
            }
        }

        _owner.Finished(this);
    }

    private void AnswerDeclared(string type, Exception exception)
    {
        _isAnswered = true;
        _owner.Answering(this);
        OutputBuffer output = _owner.BeginFrame();
        try
        {
            EnvelopeWriter.BeginError(output, _codec, RawId);
            CallEncoder.WriteDeclared(output, _codec, type, _dispatcher!, _method, exception);
            EnvelopeWriter.End(output, _codec);
            _owner.CheckSize(output);
        }
        catch (Exception e)
        {
            FrameSender.Abandon(output);
            Answer(RpcErrorCodes.ResultSerialization, $"The error {type} of {Method} cannot be sent: {e.Message}", e);
            return;
        }

        EndLeases(hasFailed: true);
        _owner.SendFrame(output);
    }

    private void Answer(int code, string message, Exception? exception)
    {
        if (IdKind == IdKind.None)
        {
            return;
        }

        _isAnswered = true;
        _owner.Answering(this);
        EndLeases(hasFailed: true);
        _owner.SendError(_codec, RawId, code, message, exception);
    }
}

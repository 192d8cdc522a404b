using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>The part that runs the handler.</summary>
internal sealed partial class IncomingCall
{
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
            return _dispatcher is CompiledDispatcher compiled
                ? compiled.InvokeMessagePackAsync(_method, ref reader, this, _source.Token)
                : _dispatcher!.InvokeAsync(_method, ref reader, this, _source.Token);
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

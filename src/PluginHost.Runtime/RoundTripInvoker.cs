using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Runtime;

/// <summary>
/// Sends every call's data through the MessagePack codec and back inside the process, so that a test of an in-process plugin meets what a child
/// process would meet. Thread-safe.
/// </summary>
internal sealed class RoundTripInvoker(Dispatcher dispatcher, object target, RoundTripLeases leases) : IInvoker
{
    /// <inheritdoc/>
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        ValueTask<TResult> pending = InvokeAsync<TCall, TResult>(call, cancellationToken);
        return pending.IsCompleted ? pending.Result : pending.AsTask().GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public async ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        CodecReply reply = new(leases, cancellationToken);
        try
        {
            await Start<TCall, TResult>(call, reply, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (dispatcher.FindError(TCall.Method.Index, e) is not null)
        {
            throw RoundTripError<TCall, TResult>(e);
        }

        return reply.Read<TCall, TResult>();
    }

    /// <inheritdoc/>
    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> =>
        await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public void Release()
    {
        if (target is Guard || typeof(IDisposable).IsAssignableFrom(dispatcher.Contract.InterfaceType))
        {
            (target as IDisposable)?.Dispose();
        }
        else if (typeof(IAsyncDisposable).IsAssignableFrom(dispatcher.Contract.InterfaceType))
        {
            _ = ((IAsyncDisposable)target).DisposeAsync().AsTask();
        }
    }

    private ValueTask Start<TCall, TResult>(TCall call, Reply reply, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        OutputBuffer arguments = new();
        MessagePackValueWriter writer = new(arguments, leases: leases);
        call.WriteArguments(ref writer);
        MessagePackValueReader reader = new(arguments.WrittenSpan, leases: leases);
        return dispatcher.InvokeAsync(TCall.Method.Index, ref reader, reply, cancellationToken);
    }

    private Exception RoundTripError<TCall, TResult>(Exception error)
        where TCall : struct, ICall<TResult>
    {
        OutputBuffer value = new();
        MessagePackValueWriter writer = new(value);
        dispatcher.WriteError(TCall.Method.Index, error, ref writer);
        MessagePackValueReader reader = new(value.WrittenSpan);
        return TCall.ReadError(dispatcher.FindError(TCall.Method.Index, error)!, ref reader) ?? error;
    }

    private sealed class CodecReply(RoundTripLeases leases, CancellationToken caller) : Reply
    {
        private readonly OutputBuffer _output = new();

        // Nothing is pooled here: the caller's own token lives as long as what it asked for.
        public override CancellationToken LeaseToken => caller;

        public override void Send<TResult>(in TResult result)
        {
            MessagePackValueWriter writer = new(_output, leases: leases);
            result.Write(ref writer);
        }

        public TResult Read<TCall, TResult>()
            where TCall : struct, ICall<TResult>
        {
            MessagePackValueReader reader = new(_output.WrittenSpan, leases: leases);
            return TCall.ReadResult(ref reader);
        }
    }
}

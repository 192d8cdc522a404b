using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>The connection as its leases see it. Thread-safe.</summary>
internal sealed class ConnectionChannel(RpcConnection connection, RpcOptions options, FrameSender sender) : LeaseChannel
{
    private IInvoker _invoker = new ConnectionInvoker(connection, options.Leases.CallTimeout);

    /// <inheritdoc/>
    public override LeaseOptions Options => options.Leases;

    /// <inheritdoc/>
    public override TimeProvider Clock => options.Clock;

    /// <inheritdoc/>
    public override RpcCodec Codec => connection.Codec;

    /// <inheritdoc/>
    public override int MaxMessageBytes => options.MaxMessageBytes;

    /// <inheritdoc/>
    public override IInvoker Invoker => Volatile.Read(ref _invoker);

    /// <inheritdoc/>
    public override string? Chain => options.Chain?.Current;

    /// <summary>Lets somebody else carry calls.</summary>
    public void UseInvoker(IInvoker invoker) => Volatile.Write(ref _invoker, invoker);

    /// <inheritdoc/>
    public override bool Send(ReadOnlySpan<byte> message, bool isNeeded)
    {
        OutputBuffer output = sender.Begin();
        output.Write(message);
        return sender.Send(output, isNeeded ? FrameUse.Answer : FrameUse.Notification, null) != AppendResult.Full;
    }

    /// <inheritdoc/>
    public override bool IsGone(Exception exception) => exception is RpcReleasedException || exception.InnerException is RpcReleasedException;

    /// <inheritdoc/>
    public override void Failed(string what, Exception exception) => sender.LeaseFailed(what, exception);

    /// <summary>Carries calls straight over the connection.</summary>
    private sealed class ConnectionInvoker(RpcConnection connection, TimeSpan timeout) : IInvoker
    {
        public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
            where TCall : struct, ICall<TResult> =>
            connection.Call<TCall, TResult>(call, TCall.Method.Timeout ?? timeout, cancellationToken).Value;

        public async ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
            where TCall : struct, ICall<TResult> =>
            (await connection.CallAsync<TCall, TResult>(call, TCall.Method.Timeout ?? timeout, cancellationToken).ConfigureAwait(false)).Value;

        public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
            where TCall : struct, ICall<NoResult> =>
            await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);
    }
}

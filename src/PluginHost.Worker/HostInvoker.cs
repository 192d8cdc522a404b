using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;

namespace PluginHost.Worker;

/// <summary>Carries the plugin's calls of host services over the channel that its own calls come by. Thread-safe.</summary>
/// <param name="pluginId">The plugin.</param>
/// <param name="connection">The channel.</param>
/// <param name="callTimeout">How long a call may take whose method names no time.</param>
internal sealed class HostInvoker(string pluginId, RpcConnection connection, TimeSpan callTimeout) : IInvoker
{
    /// <inheritdoc/>
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        try
        {
            return connection.Call<HostServiceCall<TCall, TResult>, TResult>(
                new HostServiceCall<TCall, TResult>(call, WorkerChain.Number), TCall.Method.Timeout ?? callTimeout, cancellationToken).Value;
        }
        catch (RpcException failed)
        {
            throw HostFailure.Of(pluginId, TCall.Method, failed);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        try
        {
            return (await connection.CallAsync<HostServiceCall<TCall, TResult>, TResult>(
                new HostServiceCall<TCall, TResult>(call, WorkerChain.Number), TCall.Method.Timeout ?? callTimeout, cancellationToken).ConfigureAwait(false)).Value;
        }
        catch (RpcException failed)
        {
            throw HostFailure.Of(pluginId, TCall.Method, failed);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> =>
        await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);
}

using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;

namespace PluginHost.Worker;

/// <summary>Carries the plugin's calls of objects of the application, and the steps of its sequences. Thread-safe.</summary>
/// <param name="pluginId">The plugin.</param>
/// <param name="connection">The channel.</param>
internal sealed class HostLeaseInvoker(string pluginId, RpcConnection connection) : IInvoker
{
    /// <inheritdoc/>
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        try
        {
            return connection.Call<TCall, TResult>(call, TCall.Method.Timeout ?? Timeout.InfiniteTimeSpan, cancellationToken).Value;
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
            return (await connection.CallAsync<TCall, TResult>(call, TCall.Method.Timeout ?? Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false)).Value;
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

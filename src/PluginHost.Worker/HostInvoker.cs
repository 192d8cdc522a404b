using System.Runtime.CompilerServices;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;

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
                new HostServiceCall<TCall, TResult>(call), TCall.Method.Timeout ?? callTimeout, cancellationToken).Value;
        }
        catch (RpcException failed)
        {
            throw Failure(TCall.Method, failed);
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
                new HostServiceCall<TCall, TResult>(call), TCall.Method.Timeout ?? callTimeout, cancellationToken).ConfigureAwait(false)).Value;
        }
        catch (RpcException failed)
        {
            throw Failure(TCall.Method, failed);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> =>
        await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);

    /// <summary>What the plugin gets for a call that did not even reach the service, or whose answer cannot be read.</summary>
    private PluginException Failure(ContractMethod method, RpcException failed)
    {
        string message = $"{method}, called by plugin '{pluginId}': {failed.Message}";
        return failed switch
        {
            RpcTimeoutException => new PluginTimeoutException(message, Fault(FaultKind.Timeout) with { IsRetryable = method.IsIdempotent }),
            RpcConnectionLostException => new PluginUnavailableException(message, Fault(FaultKind.Unavailable)),
            RpcLimitException or RpcErrorException { Code: RpcErrorCodes.LimitExceeded } =>
                new PluginUnavailableException(message, Fault(FaultKind.LimitExceeded) with { IsRetryable = true }),
            RpcErrorException { Code: RpcErrorCodes.MethodNotFound or RpcErrorCodes.InvalidParams } =>
                new ContractMismatchException(message, Fault(FaultKind.ContractMismatch)),
            RpcErrorException error => new PluginFaultException(
                message, Fault(FaultKind.Exception) with { RemoteType = error.RemoteType, RemoteMessage = error.RemoteMessage }),
            _ => new PluginFaultException(message, Fault(FaultKind.ProtocolViolation)),
        };

        PluginFault Fault(FaultKind kind) => new(pluginId, kind) { Method = method.WireName };
    }
}

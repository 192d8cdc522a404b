using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;

namespace PluginHost.Worker;

/// <summary>What the plugin gets for a call into the host that failed by the connection or the host.</summary>
internal static class HostFailure
{
    /// <summary>What the plugin gets for a call that did not even reach the service, or whose answer cannot be read.</summary>
    public static Exception Of(string pluginId, ContractMethod method, RpcException failed)
    {
        string message = $"{method}, called by plugin '{pluginId}': {failed.Message}";
        return failed switch
        {
            RpcTimeoutException => new PluginTimeoutException(message, Fault(FaultKind.Timeout) with { IsRetryable = method.IsIdempotent }),
            RpcSerializationException { InnerException: ObjectDisposedException released } => released,
            RpcReleasedException => new PluginUnavailableException(
                message, Fault(FaultKind.Unavailable) with { Remedy = "Use what a call lends no longer than the call lasts." }),
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

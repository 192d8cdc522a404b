using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The part that says what a call is that did not end with a result: to its caller, and in the figures.</summary>
internal sealed partial class WorkerInstance
{
    /// <summary>Counts a failed call, and gives what its caller gets.</summary>
    /// <param name="method">The method.</param>
    /// <param name="thrown">What the connection threw.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <param name="isCounted">It is a call of its own; else only its fault is reported.</param>
    internal Exception Failed(ContractMethod method, Exception thrown, CancellationToken cancellationToken, bool isCounted = true)
    {
        if (thrown is OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            Ended(method, CallStatus.Cancelled, isCounted);
            return thrown;
        }

        if (thrown is RpcSerializationException { InnerException: ObjectDisposedException released })
        {
            // The caller gave what it had let go of: its own mistake, and nothing was sent.
            return released;
        }

        CallFailure? failure = thrown is GateException gate ? gate.Failure : CallFailure.Of(thrown, _identity, method);
        if (_link.IsStopping && failure?.Exception.Kind == FaultKind.UnrequestedCancellation)
        {
            // The plugin honoured its stopping token: the host asked for that.
            Ended(method, CallStatus.Unavailable, isCounted);
            return _link.Stopped(method);
        }

        Ended(method, failure?.Status ?? CallStatus.Error, isCounted);
        return failure?.Recorded(_observer, _clock.GetUtcNow(), _link.Pid).Exception ?? thrown;
    }

    /// <summary>A call that did not come through the gate, on its way to its own catch.</summary>
    private sealed class GateException(CallFailure failure) : Exception
    {
        public CallFailure Failure { get; } = failure;
    }

    /// <summary>Counts a lost call that is not tried again, and gives what its caller gets.</summary>
    internal PluginException Lost(ContractMethod method, CallLostException lost, bool isCounted)
    {
        Ended(method, lost.Fault is PluginUnavailableException ? CallStatus.Unavailable : CallStatus.Fault, isCounted);
        return lost.Fault;
    }

    private void Ended(ContractMethod method, CallStatus status, bool isCounted)
    {
        if (isCounted)
        {
            _observer.Ended(method, status);
        }
    }
}

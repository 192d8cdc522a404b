using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>What one failed call is to its caller and to the figures. A pure function of what the connection threw.</summary>
/// <param name="Status">How it counts.</param>
/// <param name="Exception">What the caller gets.</param>
internal sealed record CallFailure(CallStatus Status, PluginException Exception)
{
    private const string OutOfMemoryType = "System.OutOfMemoryException";
    private static readonly string[] s_cancellations = ["System.OperationCanceledException", "System.Threading.Tasks.TaskCanceledException"];

    /// <summary>Describes what the connection threw; null where it is a declared error, which the caller gets as it is.</summary>
    public static CallFailure? Of(Exception thrown, WorkerIdentity worker, ContractMethod method) => thrown switch
    {
        RpcErrorException error => OfError(error, worker, method),
        RpcTimeoutException late => TimedOut(worker, method, late.Timeout, late.WasSent),
        RpcLimitException full => Limit(worker, method, nameof(RpcOptions.MaxPendingOutbound), $"{full.Limit} calls of its connection already wait for their answers"),
        RpcReleasedException gone => new CallFailure(
            CallStatus.Unavailable,
            new PluginUnavailableException(
                $"{method} of plugin '{worker.PluginId}': {gone.Message}",
                worker.Fault(FaultKind.Unavailable, method) with { Remedy = "Ask the plugin for another object or sequence: this one was released, or its call has ended." })),
        RpcSerializationException broken => OfFault(
            CallStatus.Fault,
            worker.Fault(FaultKind.ProtocolViolation, method) with { Remedy = "Look at the value that the message names: a codec cannot hold it, or host and worker disagree on a type." },
            $"{method} of plugin '{worker.PluginId}': {broken.Message}"),
        _ => null,
    };

    /// <summary>A call that was not answered, or not even sent, in its time.</summary>
    public static CallFailure TimedOut(WorkerIdentity worker, ContractMethod method, TimeSpan timeout, bool wasSent)
    {
        // What was left of the deadline when the call was sent: exact to the tick, which nobody reads.
        timeout = TimeSpan.FromMilliseconds(Math.Ceiling(timeout.TotalMilliseconds));
        PluginFault fault = worker.Fault(FaultKind.Timeout, method) with { IsRetryable = !wasSent || method.IsIdempotent };
        string what = wasSent
            ? $"{method} of plugin '{worker.PluginId}' did not finish within {timeout}; it was asked to stop."
            : $"{method} of plugin '{worker.PluginId}' was still waiting to be sent after {timeout}: the plugin takes no more calls at once.";
        return new CallFailure(CallStatus.Timeout, new PluginTimeoutException(what, fault));
    }

    /// <summary>A call for which there was no room.</summary>
    /// <param name="worker">Whose.</param>
    /// <param name="method">The method.</param>
    /// <param name="limit">The limit's name.</param>
    /// <param name="full">What is full, with the value.</param>
    public static CallFailure Limit(WorkerIdentity worker, ContractMethod method, string limit, string full)
    {
        PluginFault fault = worker.Fault(FaultKind.LimitExceeded, method) with { IsRetryable = true, Limit = limit };
        return new CallFailure(
            CallStatus.Unavailable,
            new PluginUnavailableException($"{method} of plugin '{worker.PluginId}' was not sent: {full}. Call less at once, or raise the limit.", fault));
    }

    /// <summary>The same failure, whose caller is told of its record.</summary>
    /// <param name="id">The record's id.</param>
    public CallFailure PointingAt(string id)
    {
        PluginFault fault = Exception.Fault with { FaultId = id };
        return this with
        {
            Exception = Exception switch
            {
                PluginTimeoutException => new PluginTimeoutException(Exception.Message, fault),
                ContractMismatchException => new ContractMismatchException(Exception.Message, fault),
                PluginUnavailableException => new PluginUnavailableException(Exception.Message, fault),
                _ => new PluginFaultException(Exception.Message, fault),
            },
        };
    }

    /// <summary>Records it where it is a fault of the plugin; then its caller is told of the record.</summary>
    /// <param name="observer">Who records.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="pid">The worker; null where the call reached none.</param>
    public CallFailure Recorded(IInstanceObserver observer, DateTimeOffset at, int? pid) =>
        Status is CallStatus.Fault or CallStatus.Timeout && observer.Fault(FailureRecord.Of(Exception, at) with { WorkerPid = pid }) is { } id ? PointingAt(id) : this;

    /// <summary>Counts and records a call that reached no worker, and gives what its caller gets.</summary>
    public PluginException Told(IInstanceObserver observer, ContractMethod method, DateTimeOffset at)
    {
        observer.Ended(method, Status);
        return Recorded(observer, at, null).Exception;
    }

    /// <summary>What a call gets that met the stop of a generation with several workers.</summary>
    public static PluginUnavailableException Stopped(WorkerIdentity workers, ContractMethod method) => new(
        $"{method} of plugin '{workers.PluginId}' was not called: its workers (generation {workers.Generation}) are being stopped. Call again.",
        workers.Fault(FaultKind.Unavailable, method) with { IsRetryable = true });

    private static CallFailure OfError(RpcErrorException error, WorkerIdentity worker, ContractMethod method)
    {
        (FaultKind kind, string what) = error.Code switch
        {
            RpcErrorCodes.MethodNotFound or RpcErrorCodes.InvalidParams => (
                FaultKind.ContractMismatch, $"the worker's side of the contract does not fit the host's: {error.ErrorMessage}"),
            RpcErrorCodes.ResultSerialization => (FaultKind.Exception, $"its result could not be sent: {error.ErrorMessage}"),
            RpcErrorCodes.LimitExceeded => (FaultKind.LimitExceeded, error.ErrorMessage),
            RpcErrorCodes.InvalidRequest => (FaultKind.ProtocolViolation, error.ErrorMessage),
            RpcErrorCodes.Cancelled => (FaultKind.UnrequestedCancellation, "it was cancelled although nobody had asked for that"),
            _ when s_cancellations.Contains(error.RemoteType) => (
                FaultKind.UnrequestedCancellation, $"it ended as cancelled although nobody had asked for that: {error.RemoteMessage}"),
            _ when error.RemoteType == OutOfMemoryType => (FaultKind.OutOfMemory, $"it ran out of memory: {error.RemoteMessage}"),
            _ when error.RemoteType is null => (
                FaultKind.Exception, string.Create(CultureInfo.InvariantCulture, $"it answered with error {error.Code}: {error.RemoteMessage}")),
            _ => (FaultKind.Exception, $"it threw {error.RemoteType}: {error.RemoteMessage}"),
        };
        PluginFault fault = worker.Fault(kind, method) with
        {
            RemoteType = error.RemoteType,
            RemoteMessage = error.RemoteMessage,
            RemoteStack = error.RemoteStack,
            IsRetryable = kind == FaultKind.LimitExceeded,
        };
        string message = $"{method} of plugin '{worker.PluginId}' failed: {what}";
        return kind switch
        {
            FaultKind.ContractMismatch => new CallFailure(CallStatus.Fault, new ContractMismatchException(message, fault)),
            FaultKind.LimitExceeded => new CallFailure(CallStatus.Unavailable, new PluginUnavailableException(message, fault)),
            _ => OfFault(CallStatus.Fault, fault, message),
        };
    }

    private static CallFailure OfFault(CallStatus status, PluginFault fault, string message) => new(status, new PluginFaultException(message, fault));
}

/// <summary>Whose worker it is.</summary>
/// <param name="PluginId">The plugin.</param>
/// <param name="Tier">Its tier.</param>
/// <param name="Generation">Its generation.</param>
internal sealed record WorkerIdentity(string PluginId, PluginTier Tier, int Generation)
{
    /// <summary>A fault of this worker.</summary>
    public PluginFault Fault(FaultKind kind, ContractMethod? method = null) =>
        new(PluginId, kind) { Tier = Tier, Generation = Generation, Method = method?.WireName };
}

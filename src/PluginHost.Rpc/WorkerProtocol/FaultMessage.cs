using PluginHost.Contracts.Faults;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>
/// A <see cref="PluginException"/> on its way between host and worker: the value of a declared error whose type is <see cref="TypeName"/>. Every
/// method of a host service declares it. Holds no stack. Immutable.
/// </summary>
/// <param name="Type">Which exception it is.</param>
/// <param name="Message">Its message.</param>
/// <param name="Fault">Its data; what the callee's stack was is left out.</param>
public sealed record FaultMessage(FaultType Type, string Message, PluginFault Fault)
{
    /// <summary>What the error's <c>type</c> is on the wire.</summary>
    public const string TypeName = "PluginHost.Fault";

    /// <summary>Describes an exception.</summary>
    public static FaultMessage Of(PluginException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        FaultType type = exception switch
        {
            PluginUnavailableException => FaultType.Unavailable,
            PluginTimeoutException => FaultType.Timeout,
            PluginRefusedException => FaultType.Refused,
            ContractMismatchException => FaultType.Mismatch,
            _ => FaultType.Fault,
        };
        return new FaultMessage(type, exception.Message, exception.Fault with { RemoteStack = null, Cause = FaultCause.Unknown });
    }

    /// <summary>The exception again: a new one at every call.</summary>
    public PluginException ToException() => Type switch
    {
        FaultType.Unavailable => new PluginUnavailableException(Message, Fault),
        FaultType.Timeout => new PluginTimeoutException(Message, Fault),
        FaultType.Refused => new PluginRefusedException(Message, Fault),
        FaultType.Mismatch => new ContractMismatchException(Message, Fault),
        _ => new PluginFaultException(Message, Fault),
    };
}

/// <summary>Which <see cref="PluginException"/> a <see cref="FaultMessage"/> is.</summary>
public enum FaultType
{
    /// <summary>A <see cref="PluginFaultException"/>.</summary>
    Fault,

    /// <summary>A <see cref="PluginUnavailableException"/>.</summary>
    Unavailable,

    /// <summary>A <see cref="PluginTimeoutException"/>.</summary>
    Timeout,

    /// <summary>A <see cref="PluginRefusedException"/>.</summary>
    Refused,

    /// <summary>A <see cref="ContractMismatchException"/>.</summary>
    Mismatch,
}

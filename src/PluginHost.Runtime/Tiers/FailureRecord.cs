using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tiers;

/// <summary>A failure that is told to a caller, as a record for the journal: everything that its fault says.</summary>
internal static class FailureRecord
{
    /// <summary>Makes one.</summary>
    /// <param name="failure">What the caller gets.</param>
    /// <param name="at">When it happened.</param>
    public static FaultRecord Of(PluginException failure, DateTimeOffset at) => new()
    {
        At = at,
        PluginId = failure.PluginId,
        Kind = failure.Kind,
        Tier = failure.Fault.Tier,
        Generation = failure.Generation,
        Method = failure.Fault.Method,
        Message = failure.Message,
        Limit = failure.Fault.Limit,
        Remedy = failure.Fault.Remedy,
        RemoteType = failure.Fault.RemoteType,
        RemoteStack = failure.Fault.RemoteStack,
        ExitCode = failure.Cause.ExitCode,
        Signal = failure.Cause.Signal,
        StderrTail = failure.Cause.StderrTail,
    };
}

using PluginHost.Contracts.Faults;
using PluginHost.Loading;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tiers;

/// <summary>Makes records and exceptions of what plugins' code threw: plain data, never the plugin's exception itself.</summary>
internal static class FaultText
{
    /// <summary>The record of something a plugin threw outside a call, such as while it was disposed.</summary>
    public static FaultRecord Record(ThrownException thrown, string where, string pluginId, PluginTier tier, int generation, DateTimeOffset at) => new()
    {
        At = at,
        PluginId = pluginId,
        Kind = thrown.Kind,
        Tier = tier,
        Generation = generation,
        Message = $"{where} threw {thrown.Type}: {thrown.Message}",
        RemoteType = thrown.Type,
        RemoteStack = thrown.Stack,
    };

    /// <summary>The exception of a start that failed.</summary>
    public static PluginException Exception(PluginLoadException failure, PluginTier tier, int generation)
    {
        PluginFault fault = new(failure.PluginId, failure.Kind)
        {
            Tier = tier,
            Generation = generation,
            Remedy = failure.Remedy,
            RemoteType = failure.Thrown?.Type,
            RemoteMessage = failure.Thrown?.Message,
            RemoteStack = failure.Thrown?.Stack,
        };
        return failure.Kind == FaultKind.ContractMismatch
            ? new ContractMismatchException(failure.Message, fault)
            : new PluginFaultException(failure.Message, fault);
    }
}

using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.Services;

/// <summary>What whoever goes on using something in-process gets that the other side has ended; out of process the connection's failures say the same.</summary>
internal static class LeaseFailures
{
    /// <summary>An object of a plugin that was stopped.</summary>
    public static PluginUnavailableException PluginGone(string pluginId, ContractDescriptor contract, ContractMethod method) => new(
        $"{pluginId}: {method.WireName} was not called: the plugin was stopped, and this object of {contract.Name} ended with it. Ask the plugin for another.",
        new PluginFault(pluginId, FaultKind.Unavailable) { Tier = PluginTier.InProcess, Method = method.WireName, IsRetryable = true });

    /// <summary>An object of the application that a plugin no longer has.</summary>
    public static PluginUnavailableException HostObjectGone(string pluginId, ContractDescriptor contract, ContractMethod method) => new(
        $"{method.WireName}, called by plugin '{pluginId}', was not called: the object of {contract.Name} was lent for a call that has ended, or the plugin is being stopped.",
        new PluginFault(pluginId, FaultKind.Unavailable)
        {
            Tier = PluginTier.InProcess,
            Method = method.WireName,
            Remedy = "Call an object of the application no longer than its call, or its plugin, lasts.",
        });

    /// <summary>A sequence or a stream that was an argument of a call that has ended.</summary>
    public static PluginUnavailableException ArgumentEnded(string pluginId, ContractDescriptor contract) => new(
        $"{pluginId}: the call of {contract.Name} that this sequence was an argument of has ended, and the sequence with it.",
        new PluginFault(pluginId, FaultKind.Unavailable) { Tier = PluginTier.InProcess, Remedy = "Read a sequence of arguments before its call ends." });
}

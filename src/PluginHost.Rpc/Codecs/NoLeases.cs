using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Codecs;

/// <summary>Says that a value cannot hold what stays with its owner.</summary>
internal static class NoLeases
{
    public static ValueFormatException Here() =>
        new("Progress, sequences and objects of contracts cannot be sent here: only a call's arguments and its result hold them.");
}

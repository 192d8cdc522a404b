using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Codecs;

/// <summary>Says that a value cannot hold what stays with its owner.</summary>
internal static class NoLeases
{
    public static ValueFormatException Here() =>
        new("Progress, sequences and objects of contracts cannot be sent here: only a call's arguments and its result hold them.");

    /// <summary>Says that a value names memory beside the message where nothing can be beside it.</summary>
    public static ValueFormatException NoPayload(int at) =>
        new($"Offset {at}: found a reference to bytes beside the message, and this message has none.");
}

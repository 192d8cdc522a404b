namespace PluginHost.Rpc.Messages;

/// <summary>Where bytes are that travel beside a message.</summary>
internal enum PayloadCarrier
{
    /// <summary>In the memory that both sides share: the place is an offset.</summary>
    SharedMemory,

    /// <summary>In chunks that were sent before the message: the place is the transfer's number.</summary>
    Chunks,
}

/// <summary>What a message holds in place of a large value.</summary>
/// <param name="Carrier">Where the bytes are.</param>
/// <param name="Place">The place there.</param>
/// <param name="Length">How many bytes.</param>
internal readonly record struct PayloadReference(PayloadCarrier Carrier, long Place, long Length);

using System.Buffers;

namespace PluginHost.Rpc.Messages;

/// <summary>Bytes of a new array as something that is owned: what a reader gives where there is nothing to hand over.</summary>
/// <param name="bytes">The bytes.</param>
internal sealed class OwnedBytes(byte[] bytes) : IMemoryOwner<byte>
{
    private byte[]? _bytes = bytes;

    /// <inheritdoc/>
    public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(IMemoryOwner<byte>), "This memory was given back by its owner.");

    /// <inheritdoc/>
    public void Dispose() => _bytes = null;
}

using System.Buffers;

namespace PluginHost.Contracts.Invocation;

/// <summary>Bytes of an array of one's own as memory with an owner. Once disposed the memory cannot be reached. Not thread-safe.</summary>
/// <param name="bytes">The bytes; owned from here on.</param>
public sealed class OwnedMemory(byte[] bytes) : IMemoryOwner<byte>
{
    private byte[]? _bytes = bytes;

    /// <inheritdoc/>
    public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(IMemoryOwner<>), "This memory was given back by its owner.");

    /// <summary>What the application gets of a result: an owner whose class can be unloaded is copied and disposed, any other goes as it is.</summary>
    /// <param name="owner">The result; not used by its giver from here on.</param>
    public static IMemoryOwner<byte> Detach(IMemoryOwner<byte> owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        if (!owner.GetType().IsCollectible)
        {
            return owner;
        }

        using (owner)
        {
            return new OwnedMemory(owner.Memory.ToArray());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes = null;
}

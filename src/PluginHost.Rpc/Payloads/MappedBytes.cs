using System.Buffers;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Payloads;

/// <summary>
/// A block of the other side's area, used where it is. It holds the mapping, so that it outlives the connection and the other process. Disposing
/// it is its user's last touch; see <see cref="BlockHold"/> for one that is never disposed.
/// </summary>
internal sealed unsafe class MappedBytes : MemoryManager<byte>
{
    private readonly BlockHold _hold;
    private readonly byte* _start;
    private readonly int _length;

    /// <param name="mapping">The shared memory.</param>
    /// <param name="start">Where the other side's area begins.</param>
    /// <param name="reference">The block.</param>
    /// <param name="released">Told once nobody uses the block any more; null where its call tells.</param>
    /// <param name="clock">The clock.</param>
    public MappedBytes(SharedMapping mapping, long start, PayloadReference reference, Action<PayloadReference>? released, TimeProvider clock)
    {
        _hold = BlockHold.Begin(mapping, reference, released, clock);
        _start = mapping.Start + start + reference.Place;
        _length = (int)reference.Length;
    }

    /// <inheritdoc/>
    public override Memory<byte> Memory => CreateMemory(_length);

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ThrowIfReleased();
        return new Span<byte>(_start, _length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ThrowIfReleased();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length, nameof(elementIndex));
        return new MemoryHandle(_start + elementIndex, default, this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // It never moves.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _hold.Release();

    private void ThrowIfReleased()
    {
        if (_hold.IsReleased)
        {
            throw new ObjectDisposedException(nameof(IMemoryOwner<byte>), _hold.IsOfCall
                ? "An argument's memory is valid until its call is answered. Copy what is to be kept."
                : "This memory was given back by its owner.");
        }
    }
}

using System.Buffers;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Payloads;

/// <summary>
/// A block of the other side's area, used where it is. It holds the mapping, so that it outlives the connection and the other process. Disposing
/// it is its user's last touch.
/// </summary>
internal sealed unsafe class MappedBytes : MemoryManager<byte>
{
    private readonly SharedMapping _mapping;
    private readonly long _at;
    private readonly PayloadReference _reference;
    private readonly Action<PayloadReference>? _released;
    private int _isReleased;

    /// <param name="mapping">The shared memory.</param>
    /// <param name="start">Where the other side's area begins.</param>
    /// <param name="reference">The block.</param>
    /// <param name="released">Told once nobody uses the block any more; null where its call tells.</param>
    public MappedBytes(SharedMapping mapping, long start, PayloadReference reference, Action<PayloadReference>? released)
    {
        _mapping = mapping;
        _at = start + reference.Place;
        _reference = reference;
        _released = released;
        mapping.Hold();
    }

    /// <inheritdoc/>
    public override Memory<byte> Memory => CreateMemory((int)_reference.Length);

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ThrowIfReleased();
        return new Span<byte>(_mapping.Start + _at, (int)_reference.Length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ThrowIfReleased();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_reference.Length, nameof(elementIndex));
        return new MemoryHandle(_mapping.Start + _at + elementIndex, default, this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // It never moves.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Nothing on a finalizer's thread: a span may still be in use whose owner nobody holds.
        if (disposing && Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            _released?.Invoke(_reference);
            _mapping.LetGo();
        }
    }

    private void ThrowIfReleased()
    {
        if (Volatile.Read(ref _isReleased) != 0)
        {
            throw new ObjectDisposedException(nameof(IMemoryOwner<byte>), _released is null
                ? "An argument's memory is valid until its call is answered. Copy what is to be kept."
                : "This memory was given back by its owner.");
        }
    }
}

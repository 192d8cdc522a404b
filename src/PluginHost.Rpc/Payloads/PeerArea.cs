using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Payloads;

/// <summary>The other side's area of the shared memory, as its reader sees it: which blocks are in use here. Thread-safe.</summary>
internal sealed class PeerArea
{
    private readonly Lock _lock = new();

    // Null until the first block, as in the other area.
    private List<(long Start, long End)>? _claimed;
    private readonly ReturnQueue.Input _returns;
    private readonly long _areaBytes;

    public PeerArea(PayloadOptions options)
    {
        PayloadMemory memory = options.Memory!;
        Mapping = memory.Mapping;
        Start = memory.InStart;
        _areaBytes = memory.AreaBytes;
        _returns = new ReturnQueue.Input(Mapping, memory.InReturns);
    }

    /// <summary>The memory.</summary>
    public SharedMapping Mapping { get; }

    /// <summary>Where the area begins in it.</summary>
    public long Start { get; }

    /// <summary>Counts a block as used here; else says what is wrong with it.</summary>
    public string? TryClaim(long offset, long length)
    {
        if (offset < 0 || offset % PayloadArea.PageBytes != 0 || offset > _areaBytes - length)
        {
            return $"a block begins at a multiple of {PayloadArea.PageBytes} and ends within {_areaBytes}";
        }

        lock (_lock)
        {
            _claimed ??= [];
            foreach ((long start, long end) in _claimed)
            {
                if (offset < end && start < offset + length)
                {
                    return $"{start} to {end} are still in use here";
                }
            }

            if (_claimed.Count == ReturnQueue.Places)
            {
                return $"{ReturnQueue.Places} blocks are in use here already, and more there cannot be";
            }

            _claimed.Add((offset, offset + length));
            return null;
        }
    }

    /// <summary>Copies a block, before anybody looks at it: the other side may change it at any time.</summary>
    /// <exception cref="ObjectDisposedException">The connection has ended.</exception>
    public unsafe byte[] Copy(long offset, int length)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(length);
        Mapping.Hold();
        new ReadOnlySpan<byte>(Mapping.Start + Start + offset, length).CopyTo(copy);
        Mapping.LetGo();
        return copy;
    }

    /// <summary>Lets the other side use a block again.</summary>
    public void GiveBack(long offset)
    {
        lock (_lock)
        {
            // What is given back was claimed before.
            _claimed!.RemoveAt(_claimed.FindIndex(c => c.Start == offset));
        }

        try
        {
            Mapping.Hold();
        }
        catch (ObjectDisposedException)
        {
            // Nobody holds the memory any more: there is nothing to give back.
            return;
        }

        _returns.Add(offset);
        Mapping.LetGo();
    }
}

namespace PluginHost.Rpc.Payloads;

/// <summary>The free parts of an area, in order: the lowest that fits is taken, so that the same pages serve again and again. Not thread-safe.</summary>
internal sealed class FreeExtents
{
    private readonly List<(long Start, long Length)> _extents = [];

    public FreeExtents(long length)
    {
        _extents.Add((0, length));
        FreeBytes = length;
    }

    /// <summary>How much is free in all.</summary>
    public long FreeBytes { get; private set; }

    /// <summary>The free parts.</summary>
    public IReadOnlyList<(long Start, long Length)> All => _extents;

    /// <summary>Takes a part; -1 where none is large enough.</summary>
    public long Take(long length)
    {
        for (int i = 0; i < _extents.Count; i++)
        {
            (long start, long free) = _extents[i];
            if (free < length)
            {
                continue;
            }

            if (free == length)
            {
                _extents.RemoveAt(i);
            }
            else
            {
                _extents[i] = (start + length, free - length);
            }

            FreeBytes -= length;
            return start;
        }

        return -1;
    }

    /// <summary>Gives a part back that was taken.</summary>
    public void Return(long start, long length)
    {
        FreeBytes += length;
        int low = 0;
        int high = _extents.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_extents[middle].Start < start)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low < _extents.Count && _extents[low].Start == start + length)
        {
            length += _extents[low].Length;
            _extents.RemoveAt(low);
        }

        if (low > 0 && _extents[low - 1].Start + _extents[low - 1].Length == start)
        {
            _extents[low - 1] = (_extents[low - 1].Start, _extents[low - 1].Length + length);
        }
        else
        {
            _extents.Insert(low, (start, length));
        }
    }
}

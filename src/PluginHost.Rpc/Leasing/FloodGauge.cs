namespace PluginHost.Rpc.Leasing;

/// <summary>Counts what a peer sends for nothing, and says when it is too much. Used by the reader alone.</summary>
/// <param name="limit">How many are allowed in a window.</param>
/// <param name="window">The window, in ticks of the clock.</param>
internal struct FloodGauge(int limit, long window)
{
    private long _since = long.MinValue;
    private int _count;

    /// <summary>All that were ever counted.</summary>
    public long Total { get; private set; }

    /// <summary>Counts one; false where it is one too many.</summary>
    /// <param name="now">The clock's timestamp.</param>
    public bool Count(long now)
    {
        Total++;
        if (_since == long.MinValue || now - _since > window)
        {
            _since = now;
            _count = 0;
        }

        return ++_count <= limit;
    }
}

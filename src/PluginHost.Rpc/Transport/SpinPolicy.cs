using System.Diagnostics;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// Decides how long one reader looks again and again before it sleeps. Looking that was in vain three times in a row is given up for a while, a longer
/// one each time. Used by one thread at a time; takes no clock of its own.
/// </summary>
internal sealed class SpinPolicy
{
    private const int MissesInARow = 3;
    private const int LongestPause = 256;
    private readonly long _longest;
    private int _misses;
    private int _pause = 4;
    private int _skip;

    /// <summary>Creates one.</summary>
    /// <param name="microseconds">How long to look at most.</param>
    /// <param name="processors">How many cores there are; with one the peer runs only while this thread does not, and looking is of no use.</param>
    public SpinPolicy(int microseconds, int processors) =>
        _longest = processors > 1 ? microseconds * Stopwatch.Frequency / 1_000_000 : 0;

    /// <summary>How long to look now, in Stopwatch ticks; 0 for not at all. Follow with <see cref="Hit"/> or <see cref="Missed"/> where it is not 0.</summary>
    public long Next()
    {
        if (_skip == 0)
        {
            return _longest;
        }

        _skip--;
        return 0;
    }

    /// <summary>Something came while looking.</summary>
    public void Hit()
    {
        _misses = 0;
        _pause = 4;
    }

    /// <summary>Nothing came.</summary>
    public void Missed()
    {
        if (++_misses < MissesInARow)
        {
            return;
        }

        _misses = MissesInARow - 1;
        _skip = _pause;
        _pause = Math.Min(LongestPause, _pause * 2);
    }
}

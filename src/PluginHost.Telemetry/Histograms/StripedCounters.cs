namespace PluginHost.Telemetry.Histograms;

/// <summary>A few counters that many threads add to: one copy for each core group, each on cache lines of its own. Thread-safe, lock-free.</summary>
/// <param name="stripes">How many copies: a power of two.</param>
internal sealed class StripedCounters(int stripes)
{
    // Two lines: processors fetch neighbouring lines in pairs.
    private const int LongsPerStripe = 16;
    private readonly long[] _cells = new long[(stripes + 1) * LongsPerStripe];

    /// <summary>Adds 1.</summary>
    /// <param name="counter">Below 16.</param>
    public void Increment(int counter) => Interlocked.Increment(ref _cells[IndexOf(Stripes.Current(stripes), counter)]);

    /// <summary>Adds up one counter over the copies.</summary>
    public long Sum(int counter)
    {
        long sum = 0;
        for (int stripe = 0; stripe < stripes; stripe++)
        {
            sum += Volatile.Read(ref _cells[IndexOf(stripe, counter)]);
        }

        return sum;
    }

    // Half a stripe before the first and after the last keeps the array's neighbours away.
    private static int IndexOf(int stripe, int counter) => (LongsPerStripe / 2) + (stripe * LongsPerStripe) + counter;
}

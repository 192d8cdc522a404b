namespace PluginHost.Telemetry.Histograms;

/// <summary>
/// Counts durations in nanoseconds on a log-linear scale: relative error at most 2 % from 1 ns to 1 h, exact below 64 ns. Recording is lock-free,
/// allocates nothing once warm, and costs one interlocked addition. Thread-safe.
/// </summary>
/// <remarks>
/// Memory: 9,728 bytes for each core group that has recorded something, at most four of them: 38,912 bytes; next to nothing while unused.
/// </remarks>
public sealed class LogLinearHistogram
{
    private readonly long[]?[] _stripes;
    private long _max;

    /// <summary>Creates an empty histogram.</summary>
    public LogLinearHistogram()
        : this(Stripes.Count)
    {
    }

    /// <summary>Creates one with so many copies of its counts, a power of two.</summary>
    internal LogLinearHistogram(int stripes) => _stripes = new long[]?[stripes];

    /// <summary>Counts one value.</summary>
    /// <param name="nanoseconds">The duration in nanoseconds. Below 0 counts as 0; above 73 minutes it counts in the last bucket, and in the maximum.</param>
    public void Record(long nanoseconds)
    {
        long max = Volatile.Read(ref _max);
        while (nanoseconds > max)
        {
            long seen = Interlocked.CompareExchange(ref _max, nanoseconds, max);
            if (seen == max)
            {
                break;
            }

            max = seen;
        }

        // After the maximum: a snapshot never holds a value above it.
        int stripe = Stripes.Current(_stripes.Length);
        long[] counts = Volatile.Read(ref _stripes[stripe]) ?? Grow(stripe);
        Interlocked.Increment(ref counts[Buckets.IndexOf(nanoseconds)]);
    }

    /// <summary>Copies the counts. While others record, the picture is of no single moment, but no finished recording is missing.</summary>
    public HistogramSnapshot Snapshot()
    {
        long[] sum = new long[Buckets.Count];
        long count = 0;
        for (int stripe = 0; stripe < _stripes.Length; stripe++)
        {
            if (Volatile.Read(ref _stripes[stripe]) is not { } counts)
            {
                continue;
            }

            for (int i = 0; i < sum.Length; i++)
            {
                long value = Volatile.Read(ref counts[i]);
                sum[i] += value;
                count += value;
            }
        }

        return count == 0 ? HistogramSnapshot.Empty : new HistogramSnapshot(sum, count, Volatile.Read(ref _max));
    }

    private long[] Grow(int stripe)
    {
        long[] fresh = new long[Buckets.Count];
        return Interlocked.CompareExchange(ref _stripes[stripe], fresh, null) ?? fresh;
    }
}

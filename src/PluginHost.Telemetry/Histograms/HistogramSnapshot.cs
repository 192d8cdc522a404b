namespace PluginHost.Telemetry.Histograms;

/// <summary>What a histogram held at one moment. Immutable; thread-safe.</summary>
public sealed class HistogramSnapshot
{
    private readonly long[] _counts;

    internal HistogramSnapshot(long[] counts, long count, long max)
    {
        _counts = counts;
        Count = count;
        Max = max;
    }

    /// <summary>No values: every figure is 0.</summary>
    public static HistogramSnapshot Empty { get; } = new([], 0, 0);

    /// <summary>How many values were recorded.</summary>
    public long Count { get; }

    /// <summary>The greatest recorded value in nanoseconds, exact.</summary>
    public long Max { get; }

    /// <summary>The median in nanoseconds.</summary>
    public long P50 => Percentile(50);

    /// <summary>The 90th percentile in nanoseconds.</summary>
    public long P90 => Percentile(90);

    /// <summary>The 99th percentile in nanoseconds.</summary>
    public long P99 => Percentile(99);

    /// <summary>The 99.9th percentile in nanoseconds.</summary>
    public long P999 => Percentile(99.9);

    /// <summary>The smallest recorded value that at least this share of all values does not exceed (nearest rank), within 2 %.</summary>
    /// <param name="percent">From 0 to 100.</param>
    /// <returns>Nanoseconds; 0 where nothing was recorded.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="percent"/> is not between 0 and 100.</exception>
    public long Percentile(double percent)
    {
        if (!(percent is >= 0 and <= 100))
        {
            throw new ArgumentOutOfRangeException(nameof(percent), percent, "A percentile lies between 0 and 100.");
        }

        long rank = Math.Max(1, (long)Math.Ceiling(percent / 100 * Count));
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                // The last rank is the maximum, which is known exactly.
                return rank >= Count ? Max : Math.Min(Buckets.MiddleOf(i), Max);
            }
        }

        return Max;
    }

    /// <summary>Adds up histograms, as if all their values had been recorded in one.</summary>
    public static HistogramSnapshot Merge(params IEnumerable<HistogramSnapshot> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        long[]? sum = null;
        long count = 0;
        long max = 0;
        foreach (HistogramSnapshot part in parts)
        {
            if (part.Count == 0)
            {
                continue;
            }

            sum ??= new long[Buckets.Count];
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += part._counts[i];
            }

            count += part.Count;
            max = Math.Max(max, part.Max);
        }

        return sum is null ? Empty : new HistogramSnapshot(sum, count, max);
    }
}

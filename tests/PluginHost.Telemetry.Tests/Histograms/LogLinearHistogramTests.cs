using FsCheck;
using FsCheck.Fluent;
using PluginHost.Telemetry.Histograms;
using Xunit;

namespace PluginHost.Telemetry.Tests.Histograms;

public class LogLinearHistogramTests
{
    private const long Hour = 3_600_000_000_000;
    private static readonly double[] s_percents = [0, 1, 10, 50, 90, 99, 99.9, 100];

    // Durations are spread over scales, not over the number line: a magnitude first, then a value in it.
    private static readonly Arbitrary<long[]> s_durations = Arb.From(
        from magnitudes in Gen.ArrayOf(Gen.Choose(0, 42))
        from fractions in Gen.ArrayOf(Gen.Choose(0, int.MaxValue), magnitudes.Length)
        select magnitudes.Zip(fractions, (m, f) => Math.Clamp((long)(Math.Pow(2, m) * (1 + (f / (double)int.MaxValue))), 1, Hour)).ToArray());

    [Fact]
    public void Every_percentile_is_within_two_percent_of_the_sorted_data()
    {
        Prop.ForAll(s_durations, values =>
        {
            HistogramSnapshot snapshot = SnapshotOf(values);
            long[] sorted = [.. values.Order()];
            return snapshot.Count == values.Length && s_percents.All(percent => IsClose(snapshot.Percentile(percent), Exact(sorted, percent)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_maximum_is_exact()
    {
        Prop.ForAll(s_durations, values => SnapshotOf(values).Max == values.DefaultIfEmpty(0).Max()).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Merging_equals_recording_everything_in_one()
    {
        Prop.ForAll(s_durations, s_durations, (left, right) =>
        {
            HistogramSnapshot merged = HistogramSnapshot.Merge(SnapshotOf(left), SnapshotOf(right));
            HistogramSnapshot whole = SnapshotOf([.. left, .. right]);
            return merged.Count == whole.Count && merged.Max == whole.Max
                && s_percents.All(percent => merged.Percentile(percent) == whole.Percentile(percent));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_power_of_two_and_its_neighbours_fall_into_a_bucket_within_two_percent()
    {
        for (long power = 1; power <= Hour; power *= 2)
        {
            foreach (long value in new[] { power - 1, power, power + 1, power + (power / 2) })
            {
                long middle = Buckets.MiddleOf(Buckets.IndexOf(value));

                Assert.True(IsClose(middle, value), $"{value} is reported as {middle}");
            }
        }
    }

    [Fact]
    public void Buckets_rise_without_a_gap()
    {
        for (int index = 1; index < Buckets.Count; index++)
        {
            Assert.True(Buckets.MiddleOf(index) > Buckets.MiddleOf(index - 1), $"bucket {index}");
            Assert.Equal(index, Buckets.IndexOf(Buckets.MiddleOf(index)));
        }
    }

    [Fact]
    public void Values_out_of_range_count_at_the_ends_and_break_nothing()
    {
        HistogramSnapshot snapshot = SnapshotOf(-5, long.MinValue, long.MaxValue, Hour * 100);

        Assert.Equal(4, snapshot.Count);
        Assert.Equal(0, snapshot.Percentile(50));
        Assert.Equal(long.MaxValue, snapshot.Max);
    }

    [Fact]
    public void An_empty_histogram_reports_zeros()
    {
        HistogramSnapshot snapshot = new LogLinearHistogram().Snapshot();

        Assert.Equal((0, 0, 0, 0, 0), (snapshot.Count, snapshot.Max, snapshot.P50, snapshot.P99, snapshot.P999));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(100.1)]
    [InlineData(double.NaN)]
    public void A_percentile_outside_0_to_100_is_refused(double percent)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => HistogramSnapshot.Empty.Percentile(percent));
    }

    [Fact]
    public async Task No_recording_is_lost_among_threads()
    {
        LogLinearHistogram histogram = new();
        Task[] threads = [.. Enumerable.Range(0, 8).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (int i = 1; i <= 50_000; i++)
                {
                    histogram.Record((i * 8) + thread);
                }
            },
            TaskCreationOptions.LongRunning))];

        await Task.WhenAll(threads);

        HistogramSnapshot snapshot = histogram.Snapshot();
        Assert.Equal(400_000, snapshot.Count);
        Assert.Equal((50_000 * 8) + 7, snapshot.Max);
    }

    [Fact]
    public void Recording_allocates_nothing_once_warm()
    {
        LogLinearHistogram histogram = new();
        for (int i = 0; i < 100; i++)
        {
            histogram.Record(i);
        }

        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            // A move to another core allocates that core group's counts once: the least of some attempts is free of it.
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                histogram.Record(i * 1000);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static HistogramSnapshot SnapshotOf(params long[] values)
    {
        LogLinearHistogram histogram = new();
        foreach (long value in values)
        {
            histogram.Record(value);
        }

        return histogram.Snapshot();
    }

    private static long Exact(long[] sorted, double percent) =>
        sorted.Length == 0 ? 0 : sorted[Math.Max(1, (int)Math.Ceiling(percent / 100 * sorted.Length)) - 1];

    private static bool IsClose(long reported, long exact) => Math.Abs(reported - exact) <= exact * 0.02;
}

using PluginHost.Telemetry.Histograms;
using Xunit;

namespace PluginHost.Telemetry.Tests.Histograms;

public class StripedCountersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task No_count_is_lost_among_threads_and_counters_do_not_mix(int stripes)
    {
        StripedCounters counters = new(stripes);
        using Barrier together = new(8);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait();
                for (int i = 0; i < 500_000; i++)
                {
                    counters.Increment(0);
                    counters.Increment(15);
                }
            },
            TaskCreationOptions.LongRunning)));

        Assert.Equal((4_000_000, 4_000_000, 0), (counters.Sum(0), counters.Sum(15), counters.Sum(7)));
    }
}

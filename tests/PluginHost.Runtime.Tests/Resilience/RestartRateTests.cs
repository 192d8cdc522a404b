using PluginHost.Runtime.Resilience;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Resilience;

public sealed class RestartRateTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Fifty_at_once_come_as_a_burst_and_then_at_the_rate()
    {
        RestartQueue queue = new(new RestartRateOptions { PerSecond = 5, Burst = 10 }, _clock);

        double[] waits = [.. Enumerable.Range(0, 50).Select(_ => queue.Take().TotalSeconds)];

        Assert.All(waits.Take(10), wait => Assert.Equal(0, wait));
        Assert.Equal(Enumerable.Range(1, 40).Select(i => i * 0.2), waits.Skip(10).Select(wait => Math.Round(wait, 6)), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void After_a_quiet_time_the_burst_is_whole_again_and_no_greater()
    {
        RestartQueue queue = new(new RestartRateOptions { PerSecond = 2, Burst = 3 }, _clock);
        for (int i = 0; i < 3; i++)
        {
            queue.Take();
        }

        _clock.Advance(TimeSpan.FromHours(1));
        double[] waits = [.. Enumerable.Range(0, 5).Select(_ => queue.Take().TotalSeconds)];

        Assert.Equal([0, 0, 0, 0.5, 1], waits);
    }

    [Fact]
    public void A_place_that_has_come_in_the_meantime_is_free()
    {
        RestartQueue queue = new(new RestartRateOptions { PerSecond = 2, Burst = 1 }, _clock);
        TimeSpan first = queue.Take();
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        TimeSpan second = queue.Take();
        _clock.Advance(TimeSpan.FromSeconds(0.8));
        TimeSpan third = queue.Take();

        Assert.Equal([0, 0.3, 0], new[] { first, second, third }.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public void All_problems_of_the_options_are_told_at_once()
    {
        Assert.Empty(new RestartRateOptions().Validate());
        Assert.Equal(2, new RestartRateOptions { PerSecond = double.NaN, Burst = 0 }.Validate().Count);

        // So rare that the time of the next is none that a clock could name.
        Assert.Single(new RestartRateOptions { PerSecond = 1e-300 }.Validate());
    }
}

using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.Tests.Resilience;

public sealed class FaultRateTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void As_many_faults_as_the_limit_within_the_window_count_as_a_crash_once()
    {
        FaultRate rate = new(new FaultRateOptions { Limit = 3, Window = TimeSpan.FromSeconds(10) });

        bool[] exceeded = [.. Enumerable.Range(0, 5).Select(i => rate.Add(s_start.AddSeconds(i)))];

        Assert.Equal([false, false, true, false, false], exceeded);
    }

    [Fact]
    public void Faults_farther_apart_than_the_window_never_add_up()
    {
        FaultRate rate = new(new FaultRateOptions { Limit = 2, Window = TimeSpan.FromSeconds(10) });

        Assert.All(Enumerable.Range(0, 20), i => Assert.False(rate.Add(s_start.AddSeconds(10 * i))));
    }

    [Fact]
    public void Options_out_of_range_are_all_reported_at_once()
    {
        IReadOnlyList<string> problems = new FaultRateOptions { Limit = 0, Window = TimeSpan.Zero }.Validate();

        Assert.Equal(2, problems.Count);
        Assert.Contains("FaultRate.Limit is 0", problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_ahead_of_a_clock_that_was_set_back_do_not_count_for_hours()
    {
        DateTimeOffset noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        FaultRate rate = new(new FaultRateOptions { Limit = 3, Window = TimeSpan.FromSeconds(10) });
        rate.Add(noon);
        rate.Add(noon);

        bool exceeded = rate.Add(noon.AddHours(-1));

        Assert.False(exceeded);
    }
}

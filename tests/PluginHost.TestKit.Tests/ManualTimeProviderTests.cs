namespace PluginHost.TestKit.Tests;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Time_stands_still_until_it_is_advanced()
    {
        DateTimeOffset start = _clock.GetUtcNow();
        long timestamp = _clock.GetTimestamp();

        _clock.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal(start.AddSeconds(90), _clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(90), _clock.GetElapsedTime(timestamp));
    }

    [Fact]
    public void Timers_fire_in_order_of_their_due_time_and_see_that_time()
    {
        List<(string Name, TimeSpan At)> fired = [];
        using ITimer late = _clock.CreateTimer(_ => fired.Add(("late", _clock.Elapsed)), null, Seconds(3), Timeout.InfiniteTimeSpan);
        using ITimer early = _clock.CreateTimer(_ => fired.Add(("early", _clock.Elapsed)), null, Seconds(1), Timeout.InfiniteTimeSpan);
        using ITimer never = _clock.CreateTimer(_ => fired.Add(("never", _clock.Elapsed)), null, Seconds(5), Timeout.InfiniteTimeSpan);

        _clock.Advance(Seconds(4));

        Assert.Equal([("early", Seconds(1)), ("late", Seconds(3))], fired);
        Assert.Equal(Seconds(1), _clock.NextDue);
    }

    [Fact]
    public void A_periodic_timer_fires_at_every_period()
    {
        int fired = 0;
        using ITimer timer = _clock.CreateTimer(_ => fired++, null, Seconds(1), Seconds(2));

        _clock.Advance(Seconds(6));

        Assert.Equal(3, fired);
    }

    [Fact]
    public void A_timer_set_by_a_timer_fires_in_the_same_advance()
    {
        TimeSpan? fired = null;
        ITimer? second = null;
        using ITimer first = _clock.CreateTimer(
            _ => second = _clock.CreateTimer(_ => fired = _clock.Elapsed, null, Seconds(1), Timeout.InfiniteTimeSpan), null, Seconds(1), Timeout.InfiniteTimeSpan);

        _clock.Advance(Seconds(5));

        Assert.Equal(Seconds(2), fired);
        second?.Dispose();
    }

    [Fact]
    public void A_disposed_timer_does_not_fire_and_cannot_be_set_again()
    {
        int fired = 0;
        ITimer timer = _clock.CreateTimer(_ => fired++, null, Seconds(1), Timeout.InfiniteTimeSpan);

        timer.Dispose();
        bool changed = timer.Change(Seconds(1), Timeout.InfiniteTimeSpan);
        _clock.Advance(Seconds(2));

        Assert.False(changed);
        Assert.Equal(0, fired);
    }

    [Fact]
    public async Task A_delay_on_the_clock_ends_when_the_clock_gets_there()
    {
        Task delay = Task.Delay(Seconds(10), _clock, CancellationToken.None);
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);

        _clock.Advance(Seconds(9));
        bool early = delay.IsCompleted;
        _clock.Advance(Seconds(1));
        await delay;

        Assert.False(early);
    }

    [Fact]
    public void A_cancellation_after_a_time_follows_the_clock()
    {
        using CancellationTokenSource source = new(Seconds(10), _clock);

        _clock.Advance(Seconds(10));

        Assert.True(source.IsCancellationRequested);
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}

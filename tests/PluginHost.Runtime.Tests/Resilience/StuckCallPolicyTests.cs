using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.Tests.Resilience;

public sealed class StuckCallPolicyTests
{
    private const int Thread = 77;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_call_that_goes_on_past_its_time_is_found_once()
    {
        List<(int Look, StuckFinding Finding)> found = Run(20, _ => [On(Thread, 5, (5, 1))]);

        // The first look finds it; its time counts from there.
        (int look, StuckFinding finding) = Assert.Single(found);
        Assert.Equal((5, new StuckFinding(new CallKey(Thread, 5, 1), s_time, IsCertain: true)), (look, finding));
    }

    [Fact]
    public void Calls_that_come_and_go_are_not_stuck_though_one_is_there_at_each_look() =>
        Assert.Empty(Run(100, look => [On(Thread, 5, (5, look))]));

    [Fact]
    public void A_call_that_returns_after_all_is_told_of_and_one_that_was_never_stuck_is_not()
    {
        List<CallKey> returned = [];
        StuckLook last = StuckLook.None;
        for (int look = 0; look < 10; look++)
        {
            IReadOnlyList<ThreadActivity> threads = look < 8 ? [On(Thread, 5, (5, 1)), On(78, 5, (5, look))] : [];
            last = StuckCallPolicy.Look(last, threads, s_pause, s_pause, _ => s_time);
            returned.AddRange(last.Returned);
        }

        Assert.Equal([new CallKey(Thread, 5, 1)], returned);
        Assert.Empty(last.Seen);
    }

    [Fact]
    public void A_host_that_was_itself_stopped_for_a_minute_finds_nobody_stuck()
    {
        StuckLook first = StuckCallPolicy.Look(StuckLook.None, [On(Thread, 5, (5, 1))], s_pause, s_pause, _ => s_time);

        StuckLook second = StuckCallPolicy.Look(first, [On(Thread, 5, (5, 1))], TimeSpan.FromMinutes(1), s_pause, _ => s_time);

        Assert.Empty(second.Stuck);
        Assert.Equal(2 * s_pause, second.Seen[new CallKey(Thread, 5, 1)].Running);
    }

    [Fact]
    public void Of_methods_on_one_thread_the_innermost_is_stuck_and_those_that_wait_for_it_are_not() =>
        Assert.Equal([6], Run(20, _ => [On(Thread, 6, (5, 1), (6, 1))]).Select(f => f.Finding.Call.Slot));

    [Fact]
    public void A_method_that_waits_for_the_applications_own_code_is_not_stuck() =>
        Assert.Empty(Run(20, _ => [On(Thread, 9, (5, 1), (9, 1))], slot => slot == 9 ? null : s_time));

    [Fact]
    public void One_that_goes_on_after_a_call_of_its_own_has_returned_is_stuck() =>
        Assert.Equal([5], Run(20, look => look < 2 ? [On(Thread, 6, (5, 1), (6, 1))] : [On(Thread, 6, (5, 1))]).Select(f => f.Finding.Call.Slot));

    [Fact]
    public void Where_the_last_one_entered_has_been_left_the_one_that_came_inside_last_is_meant()
    {
        StuckFinding finding = Run(20, look => look == 0 ? [On(Thread, 5, (5, 1))] : [On(Thread, 7, (5, 1), (6, 1))]).Single().Finding;

        Assert.Equal((6, true), (finding.Call.Slot, finding.IsCertain));
    }

    [Fact]
    public void Where_nobody_can_tell_which_one_it_is_each_is_found_and_none_is_certain()
    {
        List<(int Look, StuckFinding Finding)> found = Run(20, _ => [On(Thread, 7, (5, 1), (6, 1))]);

        Assert.Equal([(5, false), (6, false)], found.Select(f => (f.Finding.Call.Slot, f.Finding.IsCertain)));
    }

    [Fact]
    public void A_method_without_a_bound_is_never_stuck() =>
        Assert.Empty(Run(1000, _ => [On(Thread, 5, (5, 1))], _ => Timeout.InfiniteTimeSpan));

    [Theory]
    [InlineData(10, 2.5)]
    [InlineData(2, 1)]
    [InlineData(3600, 60)]
    [InlineData(-0.001, 60)]
    public void It_looks_four_times_within_the_shortest_time_at_most_once_a_second_and_once_a_minute_at_least(double shortest, double pause) =>
        Assert.Equal(TimeSpan.FromSeconds(pause), StuckCallPolicy.Pause(TimeSpan.FromSeconds(shortest), new StuckCallOptions()));

    [Fact]
    public void All_problems_of_the_options_are_told_at_once()
    {
        StuckCallOptions options = new() { ShortestPause = TimeSpan.FromMilliseconds(1), LostThreads = -1 };

        Assert.Equal(2, options.Validate().Count);
        Assert.Empty(new StuckCallOptions { ShortestPause = Timeout.InfiniteTimeSpan, LostThreads = 0 }.Validate());
    }

    private static ThreadActivity On(int thread, int last, params (int Slot, long Entered)[] inside) => new(thread, last, inside);

    private static List<(int Look, StuckFinding Finding)> Run(int looks, Func<int, IReadOnlyList<ThreadActivity>> threads, Func<int, TimeSpan?>? timeOf = null)
    {
        List<(int, StuckFinding)> found = [];
        StuckLook last = StuckLook.None;
        for (int look = 0; look < looks; look++)
        {
            last = StuckCallPolicy.Look(last, threads(look), s_pause, s_pause, timeOf ?? (_ => s_time));
            found.AddRange(last.Stuck.Select(f => (look, f)));
        }

        return found;
    }
}

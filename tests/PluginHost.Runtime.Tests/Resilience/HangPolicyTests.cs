using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.Tests.Resilience;

public sealed class HangPolicyTests
{
    private static readonly HangOptions s_options = new();
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(2);

    [Fact]
    public void A_silent_worker_with_calls_pending_is_unresponsive_at_ten_seconds_and_ended_at_thirty()
    {
        List<(double At, HangVerdict Verdict)> verdicts = Run(40, _ => new HangSigns(s_look, IsWaiting: true, WasHeard: false, default));

        // The first look finds the calls; silence counts from there.
        Assert.Equal([(12, HangVerdict.Unresponsive), (32, HangVerdict.TerminateSilent)], verdicts);
    }

    [Fact]
    public void An_idle_worker_may_be_silent_for_ever() =>
        Assert.Empty(Run(1000, _ => new HangSigns(s_look, IsWaiting: false, WasHeard: false, default)));

    [Fact]
    public void A_worker_that_is_heard_is_busy_for_as_long_as_its_calls_may_take() =>
        Assert.Empty(Run(1000, _ => new HangSigns(s_look, IsWaiting: true, WasHeard: true, default)));

    [Fact]
    public void A_heartbeat_now_and_then_is_enough() =>
        Assert.Empty(Run(1000, look => new HangSigns(s_look, IsWaiting: true, WasHeard: look % 4 == 0, default)));

    [Fact]
    public void One_that_is_heard_again_has_recovered()
    {
        List<(double At, HangVerdict Verdict)> verdicts = Run(10, look => new HangSigns(s_look, IsWaiting: true, WasHeard: look > 8, default));

        Assert.Equal([(12, HangVerdict.Unresponsive), (18, HangVerdict.Recovered)], verdicts);
    }

    [Fact]
    public void Silence_counts_anew_once_nothing_was_pending() =>
        Assert.Empty(Run(1000, look => new HangSigns(s_look, IsWaiting: look % 5 != 0, WasHeard: false, default)));

    [Fact]
    public void A_call_that_goes_on_after_its_time_makes_a_living_worker_hung()
    {
        List<(double At, HangVerdict Verdict)> verdicts = Run(40, look => new HangSigns(s_look, IsWaiting: true, WasHeard: true, (look - 5) * s_look));

        Assert.Equal([(20, HangVerdict.Unresponsive), (40, HangVerdict.TerminateOverdue)], verdicts);
    }

    [Fact]
    public void A_host_that_was_itself_stopped_for_a_minute_ends_nobody()
    {
        (HangState state, _) = HangPolicy.Look(default, new HangSigns(s_look, true, false, default), s_options);
        (state, HangVerdict verdict) = HangPolicy.Look(state, new HangSigns(TimeSpan.FromMinutes(1), true, false, default), s_options);

        Assert.Equal(HangVerdict.Well, verdict);
        Assert.Equal(2 * s_options.Heartbeat, state.Silence);
    }

    [Fact]
    public void An_infinite_limit_ends_nobody()
    {
        HangOptions never = new() { UnresponsiveAfter = Timeout.InfiniteTimeSpan, TerminateAfter = Timeout.InfiniteTimeSpan };

        Assert.Empty(never.Validate());
        Assert.Empty(Run(1000, _ => new HangSigns(s_look, true, false, TimeSpan.FromHours(1)), never));
    }

    [Fact]
    public void A_program_may_be_silent_for_as_long_as_its_longest_call_besides()
    {
        List<(double At, HangVerdict Verdict)> verdicts = Run(
            60, _ => new HangSigns(s_look, IsWaiting: true, WasHeard: false, default), allowance: TimeSpan.FromSeconds(60));

        Assert.Equal([(72, HangVerdict.Unresponsive), (92, HangVerdict.TerminateSilent)], verdicts);
        Assert.Empty(Run(1000, _ => new HangSigns(s_look, true, false, default), allowance: Timeout.InfiniteTimeSpan));
    }

    [Theory]
    [InlineData(50, null, 10, 0)]
    [InlineData(50, 35, 10, 35)]
    [InlineData(50, 45, 10, 40)]
    [InlineData(50, 45, 60, 0)]
    [InlineData(50, 45, -0.001, 0)]
    public void A_call_is_overdue_since_its_time_has_ended_and_it_was_asked_to_stop(double running, int? askedToStop, double timeout, double expected) =>
        Assert.Equal(
            TimeSpan.FromSeconds(expected),
            HangPolicy.Overdue(TimeSpan.FromSeconds(running), askedToStop is { } asked ? TimeSpan.FromSeconds((double)asked) : null, TimeSpan.FromSeconds(timeout)));

    [Fact]
    public void Options_that_disagree_are_all_reported_at_once()
    {
        HangOptions options = new() { Heartbeat = TimeSpan.FromHours(1), UnresponsiveAfter = TimeSpan.FromSeconds(10), TerminateAfter = TimeSpan.FromSeconds(5) };

        IReadOnlyList<string> problems = options.Validate();

        Assert.Equal(3, problems.Count);
        Assert.Contains("Hangs.Heartbeat is 01:00:00", problems[0], StringComparison.Ordinal);
        Assert.Contains("Hangs.UnresponsiveAfter is 00:00:10", problems[1], StringComparison.Ordinal);
        Assert.Contains("Hangs.TerminateAfter is 00:00:05", problems[2], StringComparison.Ordinal);
        Assert.Empty(s_options.Validate());
    }

    /// <summary>Looks as often as said or until the end; gives what was more than nothing, with its second.</summary>
    private static List<(double At, HangVerdict Verdict)> Run(int looks, Func<int, HangSigns> signs, HangOptions? options = null, TimeSpan allowance = default)
    {
        List<(double, HangVerdict)> found = [];
        HangState state = default;
        for (int look = 1; look <= looks; look++)
        {
            (state, HangVerdict verdict) = HangPolicy.Look(state, signs(look), options ?? s_options, allowance);
            if (verdict != HangVerdict.Well)
            {
                found.Add((look * s_look.TotalSeconds, verdict));
            }

            if (verdict is HangVerdict.TerminateSilent or HangVerdict.TerminateOverdue)
            {
                break;
            }
        }

        return found;
    }

    [Fact]
    public void Times_that_no_clock_can_count_are_refused()
    {
        IReadOnlyList<string> problems = new HangOptions { UnresponsiveAfter = TimeSpan.MaxValue, TerminateAfter = TimeSpan.MaxValue }.Validate();

        Assert.Equal(2, problems.Count);
        Assert.All(problems, p => Assert.Contains("expected at most 365.00:00:00", p, StringComparison.Ordinal));
    }
}

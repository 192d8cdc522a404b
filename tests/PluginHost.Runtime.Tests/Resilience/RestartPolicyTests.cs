using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.Tests.Resilience;

public sealed class RestartPolicyTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RestartOptions s_options = new() { Limit = 3, Window = TimeSpan.FromMinutes(5) };

    [Fact]
    public void The_first_restart_comes_at_once_and_the_next_ones_double_from_a_second_to_a_minute()
    {
        TimeSpan[] delays = [.. Enumerable.Range(0, 9).Select(earlier => RestartPolicy.Delay(earlier, jitter: 0))];

        Assert.Equal([0, 1, 2, 4, 8, 16, 32, 60, 60], delays.Select(d => d.TotalSeconds));
    }

    [Fact]
    public void Jitter_shortens_a_delay_by_at_most_a_fifth()
    {
        Assert.Equal(TimeSpan.FromSeconds(4), RestartPolicy.Delay(3, jitter: 0));
        Assert.Equal(TimeSpan.FromSeconds(3.2), RestartPolicy.Delay(3, jitter: 1));
    }

    [Fact]
    public void The_fourth_crash_within_the_window_quarantines_where_the_limit_is_three()
    {
        RestartHistory history = RestartHistory.Empty;
        List<RestartDecision> decisions = [];
        for (int crash = 0; crash < 4; crash++)
        {
            (RestartDecision decision, history) = Decide(FaultKind.Signal, history, s_start.AddSeconds(30 * crash));
            decisions.Add(decision);
        }

        Assert.All(decisions.Take(3), d => Assert.IsType<RestartDecision.Restart>(d));
        RestartDecision.Quarantine quarantine = Assert.IsType<RestartDecision.Quarantine>(decisions[3]);
        Assert.Contains("3 restart(s) within 00:05:00", quarantine.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_crash_every_six_minutes_never_quarantines()
    {
        RestartHistory history = RestartHistory.Empty;
        for (int crash = 0; crash < 100; crash++)
        {
            (RestartDecision decision, history) = Decide(FaultKind.Exit, history, s_start.AddMinutes(6 * crash));

            RestartDecision.Restart restart = Assert.IsType<RestartDecision.Restart>(decision);
            Assert.Equal(TimeSpan.Zero, restart.Delay);
        }
    }

    [Fact]
    public void Five_stable_minutes_clear_the_history()
    {
        RestartHistory history = new([s_start, s_start, s_start], 0);
        DateTimeOffset now = s_start.AddMinutes(5);

        (RestartDecision decision, RestartHistory after) =
            RestartPolicy.Decide(FaultKind.FailFast, history, s_options with { Window = TimeSpan.FromHours(1) }, readyAt: s_start, now, 0);

        Assert.Equal(TimeSpan.Zero, Assert.IsType<RestartDecision.Restart>(decision).Delay);
        Assert.Single(after.Restarts);
    }

    [Fact]
    public void A_failed_start_is_tried_once_more_and_then_quarantined()
    {
        (RestartDecision first, RestartHistory history) = Decide(FaultKind.StartFailure, RestartHistory.Empty, s_start);
        (RestartDecision second, _) = Decide(FaultKind.StartFailure, history, s_start.AddSeconds(1));

        Assert.IsType<RestartDecision.Restart>(first);
        Assert.IsType<RestartDecision.Quarantine>(second);
    }

    [Theory]
    [InlineData(FaultKind.HandshakeRefused)]
    [InlineData(FaultKind.ContractMismatch)]
    [InlineData(FaultKind.Refused)]
    public void What_starting_again_cannot_mend_is_never_restarted(FaultKind kind)
    {
        (RestartDecision decision, _) = Decide(kind, RestartHistory.Empty, s_start);

        Assert.IsType<RestartDecision.Refuse>(decision);
    }

    [Fact]
    public void Every_fault_kind_has_a_class()
    {
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            Assert.True(Enum.IsDefined(FailureClasses.Of(kind)), $"{kind} has no class.");
        }
    }

    [Fact]
    public void A_limit_of_zero_quarantines_at_the_first_crash()
    {
        (RestartDecision decision, _) = RestartPolicy.Decide(
            FaultKind.Signal, RestartHistory.Empty, s_options with { Limit = 0 }, readyAt: null, s_start, 0);

        Assert.IsType<RestartDecision.Quarantine>(decision);
    }

    [Theory]
    [InlineData(FaultKind.Signal, null)]
    [InlineData(FaultKind.Exit, 0)]
    [InlineData(FaultKind.StartFailure, null)]
    public void A_temporary_plugin_is_never_restarted(FaultKind kind, int? exitCode)
    {
        RestartDecision.Rest rest = Assert.IsType<RestartDecision.Rest>(DecideFor(RestartType.Temporary, kind, exitCode));

        Assert.Contains("temporary", rest.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultKind.Exit, 0, false)]
    [InlineData(FaultKind.Exit, 3, true)]
    [InlineData(FaultKind.Signal, null, true)]
    [InlineData(FaultKind.StartFailure, 0, true)]
    public void A_transient_plugin_is_restarted_unless_it_ended_itself_with_exit_code_0(FaultKind kind, int? exitCode, bool restarts)
    {
        RestartDecision decision = DecideFor(RestartType.Transient, kind, exitCode);

        Assert.Equal(restarts, decision is RestartDecision.Restart);
        Assert.Equal(!restarts, decision is RestartDecision.Rest);
    }

    [Fact]
    public void A_permanent_plugin_is_restarted_after_exit_code_0_too()
    {
        Assert.IsType<RestartDecision.Restart>(DecideFor(RestartType.Permanent, FaultKind.Exit, 0));
    }

    [Theory]
    [InlineData(RestartType.Transient)]
    [InlineData(RestartType.Temporary)]
    public void What_starting_again_cannot_mend_is_refused_whatever_the_type(RestartType type)
    {
        Assert.IsType<RestartDecision.Refuse>(DecideFor(type, FaultKind.ContractMismatch, null));
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_keep_old_restarts_in_the_window()
    {
        RestartHistory history = new([s_start, s_start, s_start], 0);

        (RestartDecision decision, _) = Decide(FaultKind.Signal, history, s_start.AddHours(-1));

        Assert.IsType<RestartDecision.Restart>(decision);
    }

    private static RestartDecision DecideFor(RestartType type, FaultKind kind, int? exitCode) => RestartPolicy.Decide(
        kind, RestartHistory.Empty, s_options with { Type = type }, readyAt: null, s_start, jitter: 0, exitCode).Decision;

    private static (RestartDecision, RestartHistory) Decide(FaultKind kind, RestartHistory history, DateTimeOffset now) =>
        RestartPolicy.Decide(kind, history, s_options, readyAt: null, now, jitter: 0);
}

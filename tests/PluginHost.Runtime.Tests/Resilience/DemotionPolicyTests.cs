using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.Tests.Resilience;

public sealed class DemotionPolicyTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DemotionOptions s_two = new() { HostDeaths = 2, FaultRates = 2, UnloadLeaks = 2, LostThreads = 2, Window = TimeSpan.FromHours(1) };

    [Fact]
    public void By_default_one_death_of_the_host_is_enough_and_the_reason_is_its_own_words()
    {
        IncidentHistory history = DemotionPolicy.Add(IncidentHistory.Empty, Death("host 7 died in A.B"), new DemotionOptions());

        Assert.Equal(new Demotion(PluginTier.Process, "host 7 died in A.B", s_now), history.Demotion);
        Assert.Empty(history.Incidents);
    }

    [Theory]
    [InlineData(nameof(IncidentKind.HostDeath), "2 hosts died in it within 01:00:00, the last time: it happened")]
    [InlineData(nameof(IncidentKind.FaultRate), "its faults came too fast 2 times within 01:00:00, the last time: it happened")]
    [InlineData(nameof(IncidentKind.UnloadLeak), "2 of its generations could not be unloaded within 01:00:00, the last time: it happened")]
    [InlineData(nameof(IncidentKind.LostThreads), "it cost the application too many threads 2 times within 01:00:00, the last time: it happened")]
    public void Each_kind_has_a_budget_of_its_own(string kind, string because)
    {
        IncidentKind counted = Enum.Parse<IncidentKind>(kind);
        IncidentHistory history = IncidentHistory.Empty;
        foreach (IncidentKind other in Enum.GetValues<IncidentKind>())
        {
            history = DemotionPolicy.Add(history, new Incident(other, s_now, "something else"), s_two);
        }

        IncidentHistory decided = DemotionPolicy.Add(history, new Incident(counted, s_now.AddMinutes(59), "it happened"), s_two);

        Assert.Null(history.Demotion);
        Assert.Equal(because, decided.Demotion!.Because);
    }

    [Theory]
    [InlineData(59, true)]
    [InlineData(60, false)]
    [InlineData(-59, true)]
    [InlineData(-60, false)]
    public void Only_what_lies_within_the_window_counts_whichever_way_the_clock_went(int minutes, bool demotes)
    {
        IncidentHistory first = DemotionPolicy.Add(IncidentHistory.Empty, Death("one"), s_two);

        IncidentHistory second = DemotionPolicy.Add(first, Death("two") with { At = s_now.AddMinutes(minutes) }, s_two);

        Assert.Equal(demotes, second.Demotion is not null);
        Assert.Equal(demotes ? 0 : 1, second.Incidents.Count);
    }

    [Fact]
    public void What_is_told_of_twice_counts_once()
    {
        IncidentHistory once = DemotionPolicy.Add(IncidentHistory.Empty, Death("one") with { Key = "7-1" }, s_two);

        Assert.Same(once, DemotionPolicy.Add(once, Death("one again") with { Key = "7-1", At = s_now.AddSeconds(5) }, s_two));
        Assert.NotNull(DemotionPolicy.Add(once, Death("another") with { Key = "7-2" }, s_two).Demotion);
    }

    [Fact]
    public void What_was_decided_stays_whatever_comes()
    {
        IncidentHistory decided = DemotionPolicy.Add(IncidentHistory.Empty, Death("one"), new DemotionOptions());

        Assert.Same(decided, DemotionPolicy.Add(decided, Death("two") with { At = s_now.AddYears(1) }, new DemotionOptions()));
    }

    [Fact]
    public void A_budget_of_zero_counts_nothing()
    {
        DemotionOptions none = new() { HostDeaths = 0 };

        Assert.Same(IncidentHistory.Empty, DemotionPolicy.Add(IncidentHistory.Empty, Death("one"), none));
    }

    [Fact]
    public void All_problems_of_the_options_are_told_at_once()
    {
        IReadOnlyList<string> problems = new DemotionOptions { HostDeaths = -1, FaultRates = 1001, UnloadLeaks = -2, Window = TimeSpan.Zero }.Validate();

        Assert.Equal(4, problems.Count);
        Assert.All((string[])["HostDeaths is -1", "FaultRates is 1001", "UnloadLeaks is -2", "Window is 00:00:00"], said => Assert.Contains(problems, p => p.Contains(said, StringComparison.Ordinal)));
        Assert.Empty(new DemotionOptions().Validate());
    }

    private static Incident Death(string what) => new(IncidentKind.HostDeath, s_now, what);
}

using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>What becomes of generations that no collection has proved gone, over a fake tier, a virtual clock and counted collections.</summary>
public sealed class PluginSupervisorUnprovedTests : IAsyncDisposable
{
    private static readonly UnloadOptions s_options = new() { Collections = 3, Grace = TimeSpan.FromSeconds(10) };
    private readonly ManualTimeProvider _clock = new();
    private readonly TempFolder _folder = new();
    private readonly FakeTier _process = new(PluginTier.Process);
    private readonly FakeTier _tier = new(PluginTier.InProcess) { Unload = UnloadOutcome.Pending, Lingers = true };
    private readonly Recorder _recorder = new(new RecorderOptions(), TimeProvider.System, NullLogger.Instance);
    private readonly List<PluginEvent> _told = [];
    private PluginSupervisor _supervisor = null!;
    private int _collections;
    private int _cleared;

    private FaultRecord[] Leaks => [.. _recorder.Faults().Where(f => f.Kind == FaultKind.UnloadLeak)];

    private Demotions Kept => new(_folder["demotions.json"], new DemotionOptions { UnloadLeaks = 2 }, _clock, NullLogger.Instance);

    [Fact]
    public async Task A_stopped_plugin_is_unloading_until_a_collection_has_proved_it_gone()
    {
        await StartAsync();

        UnloadResult stopped = await _supervisor.StopAsync();
        PluginState unproved = _supervisor.View.State;
        UnprovedUnload entry = Assert.Single(_supervisor.Unproved);
        _tier.Started[0].Lingers = false;
        await AdvanceUntilAsync(() => _supervisor.View.State == PluginState.Stopped);

        Assert.Equal((UnloadOutcome.Pending, PluginState.Unloading), (stopped.Outcome, unproved));
        Assert.Equal((1, false), (entry.Generation, entry.IsLeak));
        Assert.Empty(_supervisor.Unproved);
        UnloadEvent told = Assert.Single(Told());
        Assert.Equal((1, true, null), (told.Generation, told.IsGone, told.FaultId));
        Assert.Empty(Leaks);
    }

    [Fact]
    public async Task Replaced_generations_are_followed_and_shown_while_another_runs()
    {
        await StartAsync();

        await ReloadAsync();
        await ReloadAsync();
        IReadOnlyList<string> reasons = _supervisor.Reasons;
        int[] unproved = [.. _supervisor.Unproved.Select(u => u.Generation)];
        _tier.Started[0].Lingers = false;
        await AdvanceUntilAsync(() => _supervisor.Unproved.Count == 1);

        Assert.Equal([1, 2], unproved);
        Assert.Contains(reasons, r => r.StartsWith("Generation 1, 2 was unloaded and is not yet proved gone from memory", StringComparison.Ordinal));
        Assert.Equal(2, Assert.Single(_supervisor.Unproved).Generation);
        Assert.Equal((PluginState.Ready, 3), (_supervisor.View.State, _supervisor.View.Generation));
    }

    [Fact]
    public async Task One_that_outlives_its_collections_is_a_leak_told_once_after_the_frameworks_caches_were_emptied()
    {
        await StartAsync();
        await ReloadAsync();

        _collections += 3;
        await AdvanceUntilAsync(() => Volatile.Read(ref _cleared) == 1);
        int leaksBeforeCleared = Leaks.Length;
        await AdvanceAsync(TimeSpan.FromMinutes(10));
        int leaksBeforeMoreCollections = Leaks.Length;
        _collections += 3;
        await AdvanceUntilAsync(() => Leaks.Length > 0);
        _collections += 100;
        await AdvanceAsync(TimeSpan.FromMinutes(10));

        Assert.Equal((0, 0), (leaksBeforeCleared, leaksBeforeMoreCollections));
        FaultRecord leak = Assert.Single(Leaks);
        Assert.Equal((1, PluginTier.InProcess, 1L), (leak.Generation, leak.Tier, leak.Count));
        Assert.Contains("and 6 collections after it was unloaded.", leak.Message, StringComparison.Ordinal);
        Assert.True(Assert.Single(_supervisor.Unproved).IsLeak);
        Assert.Contains(_supervisor.Reasons, r => r.StartsWith("Generation 1 was unloaded and leaked", StringComparison.Ordinal));
        UnloadEvent told = Assert.Single(Told());
        Assert.Equal((false, leak.Id), (told.IsGone, told.FaultId));
        Assert.Equal(1, _cleared);
    }

    [Fact]
    public async Task Time_alone_is_no_leak()
    {
        await StartAsync(s_options with { ClearFrameworkCaches = false });
        await ReloadAsync();

        _collections += 2;
        await AdvanceAsync(TimeSpan.FromHours(1));

        Assert.Empty(Leaks);
        Assert.False(Assert.Single(_supervisor.Unproved).IsLeak);
    }

    [Fact]
    public async Task Collections_alone_are_no_leak_before_the_grace_is_over()
    {
        await StartAsync(s_options with { ClearFrameworkCaches = false });
        await ReloadAsync();
        _collections += 3;

        await AdvanceAsync(TimeSpan.FromSeconds(9));
        int before = Leaks.Length;
        await AdvanceUntilAsync(() => Leaks.Length == 1);

        Assert.Equal(0, before);
        Assert.Equal(0, _cleared);
    }

    [Fact]
    public async Task What_holds_a_leak_is_in_its_record_where_somebody_names_it_and_one_that_goes_late_is_told_too()
    {
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(
            new FakeInstance(request.Generation) { Unload = UnloadOutcome.Pending, Lingers = request.Generation == 1, Holders = ["Timer -> Clock.Tick"] });
        await StartAsync(s_options with { ClearFrameworkCaches = false });
        FakeInstance first = (FakeInstance)_supervisor.View.Instance!;
        await ReloadAsync();

        _collections += 3;
        await AdvanceUntilAsync(() => Leaks.Length == 1);
        first.Lingers = false;
        await AdvanceUntilAsync(() => _supervisor.Unproved.Count == 0);

        Assert.EndsWith(" Held by: Timer -> Clock.Tick", Leaks[0].Message, StringComparison.Ordinal);
        Assert.Equal([false, true], Told().Select(t => t.IsGone));
    }

    [Fact]
    public async Task Leaks_that_nobody_forced_count_in_the_budget_and_move_what_runs()
    {
        await StartAsync(s_options with { ClearFrameworkCaches = false }, mayBeDemoted: true);
        await ReloadAsync();
        await ReloadAsync();

        // Both are followed: one that is only about to be would count from the collections that come now.
        await AdvanceUntilAsync(() => _supervisor.Unproved.Count == 2);
        await _clock.UntilTimersAsync(2, TestContext.Current.CancellationToken);
        _collections += 3;
        await AdvanceUntilAsync(() => _supervisor.Tier == PluginTier.Process && _supervisor.View.State == PluginState.Ready);

        Assert.Contains("2 of its generations could not be unloaded", _supervisor.Demotion, StringComparison.Ordinal);
        Assert.Contains(_supervisor.Demotion!, _supervisor.Reasons);
        Assert.Single(_process.Started);
        Assert.NotNull(Kept.Of(Any.PluginId));
    }

    [Fact]
    public async Task Past_the_budget_one_whose_policy_says_nothing_is_moved_for_this_hosts_life()
    {
        await StartAsync(s_options with { ClearFrameworkCaches = false }, mayBeDemoted: null);
        await ReloadAsync();
        await ReloadAsync();

        _collections += 3;
        await AdvanceUntilAsync(() => _supervisor.Tier == PluginTier.Process && _supervisor.View.State == PluginState.Ready);

        Assert.StartsWith("Moved to the process tier because 2 of its generations could not be unloaded", _supervisor.Demotion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Past_the_budget_one_that_may_not_be_moved_goes_on_and_no_other_generation_is_loaded()
    {
        await StartAsync(s_options with { ClearFrameworkCaches = false }, mayBeDemoted: false);
        await ReloadAsync();
        await ReloadAsync();
        _collections += 3;
        await AdvanceUntilAsync(() => Leaks.Length == 2);

        PluginRefusedException reload = await Assert.ThrowsAsync<PluginRefusedException>(ReloadAsync);
        PluginRefusedException restart = await Assert.ThrowsAsync<PluginRefusedException>(_supervisor.RestartAsync);
        PluginView goesOn = _supervisor.View;
        await _supervisor.StopAsync();
        await _supervisor.StartAsync();
        PluginView stopped = _supervisor.View;
        await _supervisor.ResetAsync();

        Assert.Contains("No further generation is loaded in-process, because 2 of its generations could not be unloaded", reload.Message, StringComparison.Ordinal);
        Assert.Contains("\"demotion\": false", restart.Message, StringComparison.Ordinal);
        Assert.Contains("reset the plugin", reload.Fault.Remedy, StringComparison.Ordinal);
        Assert.Equal((PluginState.Ready, 3), (goesOn.State, goesOn.Generation));
        Assert.Equal(PluginState.Quarantined, stopped.State);
        Assert.Equal((PluginState.Ready, 4), (_supervisor.View.State, _supervisor.View.Generation));
        Assert.Empty(_process.Started);
    }

    [Fact]
    public async Task One_that_calls_did_not_come_out_of_is_counted_once_and_followed_all_the_same()
    {
        _tier.Unload = UnloadOutcome.TimedOut;
        await StartAsync(s_options with { ClearFrameworkCaches = false }, mayBeDemoted: true);
        await _supervisor.StopAsync();
        _collections += 3;
        await AdvanceUntilAsync(() => Leaks.Length == 1);
        await AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal((PluginState.Unloading, PluginTier.InProcess), (_supervisor.View.State, _supervisor.Tier));
        Assert.Null(Kept.Of(Any.PluginId));
    }

    [Fact]
    public async Task One_that_did_not_start_is_followed_too_and_counts_when_it_stays()
    {
        await StartAsync(s_options with { ClearFrameworkCaches = false }, mayBeDemoted: true);
        FakeInstance failed = new(7) { Lingers = true };
        await failed.StopAsync(TimeSpan.Zero, CancellationToken.None);

        _supervisor.Observer.TakenDown(failed, new UnloadResult(UnloadOutcome.Pending, 0, []));
        UnprovedUnload unproved = Assert.Single(_supervisor.Unproved);
        _collections += 3;
        await AdvanceUntilAsync(() => Leaks.Length == 1);

        Assert.Equal((7, false), (unproved.Generation, unproved.IsLeak));
        Assert.Equal(7, Leaks[0].Generation);
        Assert.Equal((PluginState.Ready, 1), (_supervisor.View.State, _supervisor.View.Generation));
    }

    public async ValueTask DisposeAsync()
    {
        await _supervisor.DisposeAsync();
        _recorder.Dispose();
        _folder.Dispose();
    }

    private async Task StartAsync(UnloadOptions? options = null, bool? mayBeDemoted = null)
    {
        _recorder.Subscribe(told =>
        {
            lock (_told)
            {
                _told.Add(told);
            }
        });
        _supervisor = new PluginSupervisor(
            Any.Plugin(PluginTier.InProcess) with { MayBeDemoted = mayBeDemoted },
            Any.Supervision(_clock, _recorder, _process, _tier) with
            {
                Demotions = Kept,
                Unload = options ?? s_options,
                Collections = () => Volatile.Read(ref _collections),
                ClearCaches = () =>
                {
                    Interlocked.Increment(ref _cleared);
                    return [];
                },
            });
        await _supervisor.StartAsync();
    }

    private Task<UnloadResult> ReloadAsync() => _supervisor.ReloadAsync(() => _supervisor.Plugin, new ReloadTerms());

    private UnloadEvent[] Told()
    {
        lock (_told)
        {
            return [.. _told.OfType<UnloadEvent>()];
        }
    }

    private async Task AdvanceAsync(TimeSpan by)
    {
        TimeSpan goal = _clock.Elapsed + by;
        await AdvanceUntilAsync(() => _clock.Elapsed >= goal, goal);
    }

    private async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan? atMost = null)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            Assert.False(late.IsCancellationRequested, "it did not come to pass");
            // Each generation that is followed waits again before time goes on: it would pass by what they have yet to count.
            await _clock.UntilTimersAsync(Math.Max(1, _supervisor.Unproved.Count), TestContext.Current.CancellationToken);
            TimeSpan due = _clock.NextDue ?? TimeSpan.Zero;
            _clock.Advance(atMost is { } most && _clock.Elapsed + due > most ? most - _clock.Elapsed : due);
            await Task.Yield();
        }
    }
}

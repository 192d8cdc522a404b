using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>When a supervisor moves its plugin out of process, and who brings it back: over fake tiers and a virtual clock.</summary>
public sealed class PluginSupervisorDemotionTests : IAsyncDisposable
{
    private static readonly ContractMethod s_method = new(0, "DoAsync", "Any.Do") { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ManualTimeProvider _clock = new();
    private readonly TempFolder _folder = new();
    private readonly FakeTier _process = new(PluginTier.Process);
    private readonly FakeTier _inProcess = new(PluginTier.InProcess);
    private readonly Recorder _recorder = new(new RecorderOptions(), TimeProvider.System, NullLogger.Instance);
    private PluginSupervisor? _supervisor;

    private Demotions Kept => new(_folder["demotions.json"], new DemotionOptions { FaultRates = 2, UnloadLeaks = 2 }, _clock, NullLogger.Instance);

    [Fact]
    public async Task Faults_that_come_too_fast_again_and_again_move_it_and_the_move_is_kept()
    {
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: true);

        await ExceedAsync(generation: 2);
        PluginTier? afterOnce = supervisor.Tier;
        await ExceedAsync(generation: 3);

        Assert.Equal(PluginTier.InProcess, afterOnce);
        Assert.Equal(PluginTier.Process, supervisor.Tier);
        Assert.Equal(3, Assert.Single(_process.Started).Generation);
        Assert.Contains("because its faults came too fast 2 times within", supervisor.Demotion, StringComparison.Ordinal);
        Assert.Contains(supervisor.Demotion!, supervisor.Reasons);
        Assert.NotNull(Kept.Of(Any.PluginId));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(null)]
    public async Task Where_the_policy_does_not_allow_it_budgets_are_counted_and_move_nothing(bool? mayBeDemoted)
    {
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted);

        await ExceedAsync(generation: 2);
        await ExceedAsync(generation: 3);

        Assert.Equal((PluginTier.InProcess, null), (supervisor.Tier, supervisor.Demotion));
        Assert.Empty(_process.Started);
        Assert.NotNull(Kept.Of(Any.PluginId));
    }

    [Theory]
    [InlineData(nameof(UnloadOutcome.Leaked))]
    [InlineData(nameof(UnloadOutcome.TimedOut))]
    public async Task Unloads_that_leave_something_behind_count_from_generation_to_generation(string outcome)
    {
        _inProcess.Unload = Enum.Parse<UnloadOutcome>(outcome);
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: true);

        await supervisor.StopAsync();
        PluginTier? afterOnce = supervisor.Tier;
        await supervisor.StartAsync();
        await supervisor.StopAsync();
        await supervisor.StartAsync();

        Assert.Equal(PluginTier.InProcess, afterOnce);
        Assert.Equal(PluginTier.Process, supervisor.Tier);
        Assert.Contains("2 of its generations could not be unloaded", supervisor.Demotion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unloads_of_generations_that_were_replaced_count_too_and_move_the_one_that_runs()
    {
        _inProcess.Unload = UnloadOutcome.Leaked;
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: true);

        await supervisor.ReloadAsync(() => supervisor.Plugin, new ReloadTerms());
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        PluginTier? afterOnce = supervisor.Tier;
        await supervisor.ReloadAsync(() => supervisor.Plugin, new ReloadTerms());
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 4 });

        Assert.Equal(PluginTier.InProcess, afterOnce);
        Assert.Equal(PluginTier.Process, supervisor.Tier);
        Assert.Equal(4, Assert.Single(_process.Started).Generation);
        Assert.All(_inProcess.Started, i => Assert.True(i.IsDisposed));
        Assert.Contains("of its generations could not be unloaded", supervisor.Demotion, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_whose_stop_is_one_leak_too_many_goes_on_out_of_process()
    {
        _inProcess.Unload = UnloadOutcome.Leaked;
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: true);
        await supervisor.RestartAsync();

        await supervisor.RestartAsync();

        Assert.Equal(PluginTier.Process, supervisor.Tier);
        Assert.Equal(3, Assert.Single(_process.Started).Generation);
    }

    [Fact]
    public async Task A_generation_that_cannot_be_followed_in_process_moves_it_for_this_hosts_life_only()
    {
        _inProcess.Unload = UnloadOutcome.Leaked;
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: null);

        await ExceedAsync(generation: 2);

        Assert.Equal(PluginTier.Process, supervisor.Tier);
        Assert.StartsWith("Moved to the process tier", supervisor.Demotion, StringComparison.Ordinal);
        Assert.Null(Kept.Of(Any.PluginId));
    }

    [Fact]
    public async Task Where_the_policy_forbids_any_move_it_is_quarantined_with_both_reasons()
    {
        _inProcess.Unload = UnloadOutcome.Leaked;
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: false);

        Exceed();
        PluginView quarantined = await UntilAsync(v => v.State == PluginState.Quarantined);

        Assert.Contains("could not be proved unloaded (Leaked", quarantined.Reason, StringComparison.Ordinal);
        Assert.Contains("\"demotion\": false", quarantined.Reason, StringComparison.Ordinal);
        Assert.NotNull(quarantined.FaultId);
        Assert.Empty(_process.Started);
        await supervisor.ResetAsync();
        Assert.Equal((PluginState.Ready, PluginTier.InProcess), (supervisor.View.State, supervisor.Tier));
    }

    [Fact]
    public async Task A_restart_on_request_that_leaves_calls_inside_is_followed_by_nothing_where_the_policy_forbids_a_move()
    {
        _inProcess.Unload = UnloadOutcome.TimedOut;
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: false);

        await supervisor.RestartAsync();

        Assert.Equal(PluginState.Quarantined, supervisor.View.State);
        Assert.Single(_inProcess.Started);
    }

    [Fact]
    public async Task A_reset_stops_it_out_of_process_and_starts_it_where_it_belongs()
    {
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: true);
        await ExceedAsync(generation: 2);
        await ExceedAsync(generation: 3);
        Demotions demotions = Kept;

        await supervisor.ResetAsync(plugin =>
        {
            demotions.Forget(plugin.Id);
            return plugin;
        });

        Assert.True(_process.Started[0].IsStopped);
        Assert.Equal((PluginState.Ready, 4, PluginTier.InProcess), (supervisor.View.State, supervisor.View.Generation, supervisor.Tier));
        Assert.Equal(4, _inProcess.Started[^1].Generation);
        Assert.Null(supervisor.Demotion);
        Assert.Null(Kept.Of(Any.PluginId));
    }

    [Fact]
    public async Task A_reset_of_one_that_was_placed_farther_away_at_its_start_takes_its_own_placement()
    {
        SupervisedPlugin own = Any.Plugin(PluginTier.InProcess) with { MayBeDemoted = true };
        PluginSupervisor supervisor = Create(own with { Placement = own.Placement with { Tier = PluginTier.Process, Demotion = "demoted" } });
        await supervisor.StartAsync();
        string? before = supervisor.Demotion;

        await supervisor.ResetAsync(_ => own);

        Assert.Equal("demoted", before);
        Assert.Equal((PluginTier.InProcess, null), (supervisor.Tier, supervisor.Demotion));
        Assert.Equal(2, Assert.Single(_inProcess.Started).Generation);
    }

    [Fact]
    public async Task A_reset_that_shall_start_nothing_leaves_a_stopped_plugin_stopped()
    {
        SupervisedPlugin own = Any.Plugin(PluginTier.InProcess);
        PluginSupervisor supervisor = Create(own with { Placement = own.Placement with { Tier = PluginTier.Process, Demotion = "demoted" } });

        await supervisor.ResetAsync(_ => own, start: false);

        Assert.Equal((PluginState.Stopped, PluginTier.InProcess, null), (supervisor.View.State, supervisor.Tier, supervisor.Demotion));
        Assert.Empty(_inProcess.Started);
    }

    [Fact]
    public async Task One_that_cannot_start_out_of_process_is_quarantined_and_both_reasons_are_told()
    {
        SupervisedPlugin own = Any.Plugin(PluginTier.InProcess);
        _process.OnStart = (request, _) => throw new PluginFaultException(
            "its data cannot cross a process", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });
        PluginSupervisor supervisor = Create(own with { Placement = own.Placement with { Tier = PluginTier.Process, Reasons = ["demoted"], Demotion = "demoted" } });

        await supervisor.StartAsync();
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(v => v.State == PluginState.Quarantined);

        Assert.Contains("demoted", supervisor.Reasons);
        Assert.Contains(supervisor.Reasons, r => r.Contains("its data cannot cross a process", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (_supervisor is not null)
        {
            await _supervisor.DisposeAsync();
        }

        _recorder.Dispose();
        _folder.Dispose();
    }

    private async Task<PluginSupervisor> StartAsync(bool? mayBeDemoted)
    {
        PluginSupervisor supervisor = Create(Any.Plugin(PluginTier.InProcess) with { MayBeDemoted = mayBeDemoted });
        await supervisor.StartAsync();
        return supervisor;
    }

    private PluginSupervisor Create(SupervisedPlugin plugin) =>
        _supervisor = new PluginSupervisor(plugin, Any.Supervision(_clock, _recorder, _process, _inProcess) with { Demotions = Kept });

    private void Exceed()
    {
        for (int i = 0; i < 100; i++)
        {
            _supervisor!.Observer.Fault(_supervisor.Describe(s_method, FaultKind.Exception, "again"));
        }
    }

    /// <summary>Lets faults come too fast, and waits for the generation that follows; the second restart waits a second of the clock.</summary>
    private async Task ExceedAsync(int generation)
    {
        Exceed();
        await UntilAsync(v => v.State is PluginState.BackingOff && v.RetryAt > _clock.GetUtcNow() || (v.State == PluginState.Ready && v.Generation == generation));
        if (_supervisor!.View.State == PluginState.BackingOff)
        {
            await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await UntilAsync(v => v.State == PluginState.Ready && v.Generation == generation);
    }

    private async Task<PluginView> UntilAsync(Func<PluginView, bool> condition)
    {
        while (true)
        {
            PluginView view = _supervisor!.View;
            if (condition(view))
            {
                return view;
            }

            await view.Changed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }
}

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

/// <summary>What is refused of a pinned plugin, because its code cannot leave the application: over fake tiers and a virtual clock.</summary>
public sealed class PluginSupervisorPinnedTests : IAsyncDisposable
{
    private const string Remedy =
        "Restart the application, or run the plugin in the process tier (\"plugins\": { \"any.plugin\": { \"tier\": \"process\" } } in the policy), where it can be restarted and reloaded.";

    private static readonly ContractMethod s_method = new(0, "DoAsync", "Any.Do") { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeTier _process = new(PluginTier.Process);
    private readonly FakeTier _inProcess = new(PluginTier.InProcess) { Unload = UnloadOutcome.Pinned };
    private readonly Recorder _recorder = new(new RecorderOptions(), TimeProvider.System, NullLogger.Instance);
    private PluginSupervisor? _supervisor;

    [Fact]
    public async Task A_restart_is_refused_with_the_reason_and_what_to_do_and_it_runs_on()
    {
        PluginSupervisor supervisor = await StartAsync();

        PluginRefusedException refused = await Assert.ThrowsAsync<PluginRefusedException>(supervisor.RestartAsync);

        Assert.Equal(
            $"any.plugin was not restarted: it is pinned (\"unloadable\": false): the code of generation 1 stays in memory until the application ends. {Remedy}", refused.Message);
        Assert.Equal((FaultKind.Refused, PluginTier.InProcess, 1), (refused.Kind, refused.Fault.Tier!.Value, refused.Fault.Generation));
        Assert.Equal((PluginState.Ready, 1), (supervisor.View.State, supervisor.View.Generation));
        Assert.False(Assert.Single(_inProcess.Started).IsStopped);
    }

    [Fact]
    public async Task A_reload_is_refused_and_recorded_and_it_runs_on()
    {
        PluginSupervisor supervisor = await StartAsync();

        PluginRefusedException refused = await Assert.ThrowsAsync<PluginRefusedException>(() => supervisor.ReloadAsync(() => supervisor.Plugin, new ReloadTerms()));

        Assert.StartsWith("any.plugin was not reloaded: it is pinned", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith($"{Remedy} Generation 1 (1.0.0) goes on.", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(supervisor.View.FaultId);
        Assert.Equal((PluginState.Ready, 1), (supervisor.View.State, supervisor.View.Generation));
    }

    [Fact]
    public async Task A_stop_says_that_its_code_stays_and_a_start_after_it_is_refused()
    {
        PluginSupervisor supervisor = await StartAsync();

        UnloadResult stopped = await supervisor.StopAsync();
        PluginView view = supervisor.View;
        PluginRefusedException refused = await Assert.ThrowsAsync<PluginRefusedException>(supervisor.StartAsync);
        PluginRefusedException reset = await Assert.ThrowsAsync<PluginRefusedException>(() => supervisor.ResetAsync());

        Assert.Equal(UnloadOutcome.Pinned, stopped.Outcome);
        Assert.Equal(PluginState.Stopped, view.State);
        Assert.Equal("Stopped on request. It is pinned (\"unloadable\": false): the code of generation 1 stays in memory until the application ends.", view.Reason);
        Assert.StartsWith("any.plugin was not started: it is pinned", refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("any.plugin was not reset: it is pinned", reset.Message, StringComparison.Ordinal);
        Assert.Equal(PluginState.Stopped, supervisor.View.State);
        Assert.Single(_inProcess.Started);
    }

    [Fact]
    public async Task Faults_that_come_too_fast_move_it_to_the_process_tier_where_it_can_be_restarted_reloaded_and_reset()
    {
        PluginSupervisor supervisor = await StartAsync();

        Exceed();
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        string? moved = supervisor.Demotion;
        await supervisor.RestartAsync();
        await supervisor.ReloadAsync(() => supervisor.Plugin, new ReloadTerms());
        await supervisor.ResetAsync(plugin => plugin);

        Assert.StartsWith("Moved to the process tier: it is pinned (\"unloadable\": false), the code of generation 1 stays in memory, and no new context takes its place.", moved, StringComparison.Ordinal);
        Assert.Equal((PluginState.Ready, PluginTier.Process, moved), (supervisor.View.State, supervisor.Tier, supervisor.Demotion));
        Assert.Single(_inProcess.Started);
        Assert.Equal([2, 3, 4], _process.Started.Select(i => i.Generation));
    }

    [Fact]
    public async Task Where_the_policy_forbids_a_move_faults_that_come_too_fast_quarantine_it_and_a_reset_is_refused()
    {
        PluginSupervisor supervisor = await StartAsync(mayBeDemoted: false);

        Exceed();
        PluginView quarantined = await UntilAsync(v => v.State == PluginState.Quarantined);

        Assert.Contains("It cannot be started again in-process: it is pinned (\"unloadable\": false), the code of generation 1 stays in memory", quarantined.Reason, StringComparison.Ordinal);
        Assert.Contains("\"demotion\": false", quarantined.Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<PluginRefusedException>(() => supervisor.ResetAsync());
        Assert.Empty(_process.Started);
    }

    [Fact]
    public async Task A_start_that_failed_with_its_code_in_memory_is_tried_again_in_the_process_tier_only()
    {
        _inProcess.OnStart = (request, _) => throw new PluginFaultException("its constructor threw", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });
        PluginSupervisor supervisor = Create(mayBeDemoted: null);

        await supervisor.StartAsync();
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(v => v.State == PluginState.Ready);

        Assert.Equal(PluginTier.Process, supervisor.Tier);
        Assert.Equal(2, Assert.Single(_process.Started).Generation);
    }

    [Fact]
    public async Task A_restart_that_meets_the_start_which_has_loaded_it_is_refused_and_does_not_disturb_that()
    {
        TaskCompletionSource entered = new();
        _inProcess.OnStart = async (_, cancellationToken) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException("It does not end otherwise.");
        };
        PluginSupervisor supervisor = Create(mayBeDemoted: null);
        Task starting = supervisor.StartAsync();
        await entered.Task;

        await Assert.ThrowsAsync<PluginRefusedException>(supervisor.RestartAsync);

        Assert.Equal(PluginState.Starting, supervisor.View.State);
        Assert.False(starting.IsCompleted);
    }

    [Fact]
    public async Task Out_of_process_the_same_manifest_restarts_and_reloads()
    {
        SupervisedPlugin plugin = Any.Plugin(PluginTier.Process);
        PluginSupervisor supervisor = Create(plugin with { Manifest = plugin.Manifest! with { Unloadable = false } });
        await supervisor.StartAsync();

        await supervisor.RestartAsync();
        await supervisor.ReloadAsync(() => supervisor.Plugin, new ReloadTerms());

        Assert.Equal((PluginState.Ready, 3), (supervisor.View.State, supervisor.View.Generation));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Only_one_that_can_be_unloaded_is_looked_at_for_recycling(bool unloadable, int timers)
    {
        SupervisedPlugin plugin = Pinned(null);
        PluginSupervisor supervisor = Create(
            plugin with { Manifest = plugin.Manifest! with { Unloadable = unloadable, Recycle = new RecycleOptions { Age = TimeSpan.FromMinutes(1) } } });

        await supervisor.StartAsync();

        Assert.Equal((PluginState.Ready, timers), (supervisor.View.State, _clock.PendingTimers));
    }

    public async ValueTask DisposeAsync()
    {
        if (_supervisor is not null)
        {
            await _supervisor.DisposeAsync();
        }

        _recorder.Dispose();
    }

    private static SupervisedPlugin Pinned(bool? mayBeDemoted)
    {
        SupervisedPlugin plugin = Any.Plugin(PluginTier.InProcess) with { MayBeDemoted = mayBeDemoted };
        return plugin with { Manifest = plugin.Manifest! with { Unloadable = false } };
    }

    private async Task<PluginSupervisor> StartAsync(bool? mayBeDemoted = null)
    {
        PluginSupervisor supervisor = Create(mayBeDemoted);
        await supervisor.StartAsync();
        return supervisor;
    }

    private PluginSupervisor Create(bool? mayBeDemoted) => Create(Pinned(mayBeDemoted));

    private PluginSupervisor Create(SupervisedPlugin plugin) => _supervisor = new PluginSupervisor(plugin, Any.Supervision(_clock, _recorder, _process, _inProcess));

    private void Exceed()
    {
        for (int i = 0; i < 100; i++)
        {
            _supervisor!.Observer.Fault(_supervisor.Describe(s_method, FaultKind.Exception, "again"));
        }
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

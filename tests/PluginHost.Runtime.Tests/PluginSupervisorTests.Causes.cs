using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests;

/// <summary>What follows a failure by its cause, what subscribers hear of it, and what an old generation can no longer do.</summary>
public sealed partial class PluginSupervisorTests
{
    [Fact]
    public async Task A_temporary_plugin_rests_after_its_first_crash_and_its_callers_learn_of_the_record()
    {
        PluginSupervisor supervisor = await StartAsync(new RestartOptions { Type = RestartType.Temporary });

        _process.Started[0].Die(FaultKind.Signal);
        PluginView stopped = await UntilAsync(v => v.State == PluginState.Stopped);
        PluginUnavailableException refused = await Assert.ThrowsAsync<PluginUnavailableException>(
            async () => await supervisor.WaitReadyAsync(s_method, CancellationToken.None));
        await supervisor.StartAsync();

        Assert.Contains("restart.type is \"temporary\"", stopped.Reason, StringComparison.Ordinal);
        Assert.Equal(("death-of-1", false), (refused.FaultId, refused.IsRetryable));
        Assert.Equal("death-of-1", Assert.Single(_recorder.Faults()).Id);
        Assert.Equal((PluginState.Ready, 2), (supervisor.View.State, supervisor.View.Generation));
    }

    [Fact]
    public async Task A_transient_plugin_rests_after_exit_code_0_and_returns_after_another()
    {
        PluginSupervisor supervisor = await StartAsync(new RestartOptions { Type = RestartType.Transient });

        _process.Started[0].Die(FaultKind.Exit, exitCode: 3);
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        _process.Started[1].Die(FaultKind.Exit, exitCode: 0);
        PluginView stopped = await UntilAsync(v => v.State == PluginState.Stopped);

        Assert.Contains("restart.type is \"transient\"", stopped.Reason, StringComparison.Ordinal);
        Assert.Equal(2, supervisor.View.Generation);
    }

    [Fact]
    public async Task Subscribers_hear_of_every_state_in_order_with_the_record_that_led_to_it()
    {
        List<LifecycleEvent> told = [];
        using IDisposable subscription = _recorder.Subscribe(e => Add(told, e));
        PluginSupervisor supervisor = await StartAsync(new RestartOptions { Limit = 1 });
        _process.Started[0].Die(FaultKind.Signal);
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        _process.Started[1].Die(FaultKind.Exit);
        await UntilAsync(v => v.State == PluginState.Quarantined);
        await supervisor.ResetAsync();
        await supervisor.StopAsync();

        Assert.Equal(
            [
                ("starting", 1, null), ("ready", 1, null), ("backingOff", 1, "death-of-1"), ("starting", 2, null), ("ready", 2, null),
                ("quarantined", 2, "death-of-2"), ("starting", 3, null), ("ready", 3, null), ("stopping", 3, null), ("stopped", 3, null),
            ],
            told.Select(e => (e.State, e.Generation, e.FaultId)));
        Assert.Contains("restart.limit is 1", told[5].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_and_a_start_do_not_lead_out_of_quarantine()
    {
        PluginSupervisor supervisor = await StartAsync(new RestartOptions { Limit = 0 });
        _process.Started[0].Die(FaultKind.Signal);
        await UntilAsync(v => v.State == PluginState.Quarantined);

        await supervisor.StopAsync();
        await supervisor.StartAsync();

        Assert.Equal(PluginState.Quarantined, supervisor.View.State);
        await supervisor.ResetAsync();
        Assert.Equal((PluginState.Ready, 2), (supervisor.View.State, supervisor.View.Generation));
    }

    [Fact]
    public async Task Faults_of_an_old_generation_are_recorded_and_cost_the_new_one_nothing()
    {
        PluginSupervisor supervisor = await StartAsync();
        FaultRecord old = supervisor.Describe(s_method, FaultKind.Exception, "late");
        await supervisor.RestartAsync();

        for (int i = 0; i < 100; i++)
        {
            supervisor.Observer.Fault(old);
        }

        await supervisor.StartAsync();
        Assert.Equal((PluginState.Ready, 2), (supervisor.View.State, supervisor.View.Generation));
        Assert.Equal((1, 100), Assert.Single(_recorder.Faults()) is { } record ? (record.Generation, record.Count) : default);
    }

    [Fact]
    public async Task A_worker_that_an_old_generation_names_late_is_not_taken_for_the_new_ones()
    {
        List<Action<int>> started = [];
        _process.OnStart = (request, _) =>
        {
            started.Add(request.WorkerStarted!);
            request.WorkerStarted!(100 + request.Generation);
            return Task.FromResult<Tiers.IPluginInstance>(new FakeInstance(request.Generation));
        };
        PluginSupervisor supervisor = await StartAsync();
        await supervisor.RestartAsync();

        started[0](999);

        Assert.Equal(102, supervisor.Observer.WorkerPid);
    }

    [Fact]
    public async Task A_death_that_a_stop_overtook_is_recorded_and_followed_by_no_restart()
    {
        TaskCompletionSource holds = new();
        using IDisposable subscription = _recorder.Subscribe(e => Hold(e, holds.Task));
        PluginSupervisor supervisor = await StartAsync();
        Task restarting = supervisor.RestartAsync();
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        Task<Tiers.UnloadResult> stopping = supervisor.StopAsync();

        // The loop is held in the restart: the second generation dies behind the stop that waits already.
        _process.Started[1].Die(FaultKind.Signal);
        holds.SetResult();
        await restarting;
        await stopping;

        Assert.Equal(PluginState.Stopped, supervisor.View.State);
        Assert.Equal("death-of-2", Assert.Single(_recorder.Faults()).Id);

        static void Hold(PluginEvent told, Task until)
        {
            if (told is LifecycleEvent { State: "ready", Generation: 2 })
            {
                until.Wait(TimeSpan.FromSeconds(30));
            }
        }
    }

    [Fact]
    public async Task Fifty_that_crash_at_once_return_at_the_hosts_rate_each_before_any_returns_twice()
    {
        const int Plugins = 50;
        FakeTier tier = new(PluginTier.Process);
        List<(string Plugin, int Generation, double At)> starts = [];
        bool isCrashing = false;
        tier.OnStart = (request, _) =>
        {
            FakeInstance instance = new(request.Generation);
            lock (starts)
            {
                starts.Add((request.Manifest.Id, request.Generation, _clock.Elapsed.TotalSeconds));
                if (isCrashing && request.Manifest.Id == "p0")
                {
                    instance.Die(FaultKind.Signal);
                }

                _fakes[(request.Manifest.Id, request.Generation)] = instance;
            }

            return Task.FromResult<Tiers.IPluginInstance>(instance);
        };
        SupervisorSettings settings = Any.Supervision(_clock, _recorder, tier) with
        {
            RestartQueue = new RestartQueue(new RestartRateOptions { PerSecond = 5, Burst = 10 }, _clock),
        };
        PluginSupervisor[] all = [.. Enumerable.Range(0, Plugins).Select(i => new PluginSupervisor(
            Any.Plugin(restart: new RestartOptions { Limit = 1000 }) with { Id = $"p{i}", Manifest = Any.Manifest() with { Id = $"p{i}", Restart = new RestartOptions { Limit = 1000 } } },
            settings))];
        await Task.WhenAll(all.Select(s => s.StartAsync()));
        starts.Clear();
        isCrashing = true;

        foreach (PluginSupervisor supervisor in all)
        {
            _fakes[(supervisor.Plugin.Id, 1)].Die(FaultKind.Signal);
            await UntilAsync(supervisor, v => v.Generation > 1 || v.State == PluginState.BackingOff);
        }

        for (int step = 0; step < 100; step++)
        {
            await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
            _clock.Advance(TimeSpan.FromSeconds(0.1));
            await Task.WhenAll(all.Skip(1).Select(s => UntilAsync(s, v => v.State == PluginState.Ready || v.RetryAt > _clock.GetUtcNow())));
        }

        (string Plugin, int Generation, double At)[] seen;
        lock (starts)
        {
            seen = [.. starts];
        }

        Assert.Equal(Enumerable.Range(0, Plugins).Select(i => $"p{i}").Order(), seen.Where(s => s.Generation == 2).Select(s => s.Plugin).Order());
        Assert.All(seen, s => Assert.InRange(seen.Count(other => other.At <= s.At), 0, 10 + (5 * s.At) + 0.01));
        double last = seen.Where(s => s.Generation == 2).Max(s => s.At);
        Assert.InRange(last, 7.9, 8.15);
        foreach (PluginSupervisor supervisor in all)
        {
            await supervisor.DisposeAsync();
        }
    }

    private readonly Dictionary<(string Plugin, int Generation), FakeInstance> _fakes = [];

    private static void Add(List<LifecycleEvent> told, PluginEvent happened)
    {
        if (happened is LifecycleEvent change)
        {
            lock (told)
            {
                told.Add(change);
            }
        }
    }
}

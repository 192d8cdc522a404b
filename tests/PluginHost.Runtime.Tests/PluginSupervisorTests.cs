using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>The supervisor over fake tiers and a virtual clock: what it does, not how long that takes.</summary>
public sealed partial class PluginSupervisorTests : IAsyncDisposable
{
    private static readonly ContractMethod s_method = new(0, "DoAsync", "Any.Do") { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeTier _process = new(PluginTier.Process);
    private readonly FakeTier _inProcess = new(PluginTier.InProcess);
    private readonly Recorder _recorder;
    private PluginSupervisor? _supervisor;

    public PluginSupervisorTests() => _recorder = new Recorder(new RecorderOptions(), TimeProvider.System, NullLogger.Instance);

    [Fact]
    public async Task A_crashed_plugin_is_restarted_at_once_as_the_next_generation()
    {
        PluginSupervisor supervisor = await StartAsync();

        _process.Started[0].Die(FaultKind.Signal);
        await UntilAsync(v => v.State == PluginState.Ready && v.Generation == 2);

        RestartRecord restart = Assert.Single(_recorder.Restarts());
        Assert.Equal((1, 2, "Signal"), (restart.FromGeneration, restart.ToGeneration, restart.Cause));
        Assert.Equal(FaultKind.Signal, Assert.Single(_recorder.Faults()).Kind);
        Assert.True(_process.Started[0].IsDisposed);
        Assert.Equal(2, supervisor.View.Generation);
    }

    [Fact]
    public async Task A_restart_that_is_asked_for_during_a_start_lets_calls_wait()
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OnStart = async (request, cancelled) =>
        {
            if (began.TrySetResult())
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _clock, cancelled);
            }

            return new FakeInstance(request.Generation);
        };
        PluginSupervisor supervisor = Create(Any.Plugin());
        Task start = supervisor.StartAsync();
        await began.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Task<IPluginInstance> call = supervisor.WaitReadyAsync(s_method, CancellationToken.None).AsTask();

        await supervisor.RestartAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(2, (await call.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Generation);
        await start;
        Assert.Empty(_recorder.Faults());
    }

    [Fact]
    public async Task A_start_that_fails_in_the_host_itself_is_a_failed_start_like_any_other()
    {
        _process.OnStart = (_, _) => throw new InvalidOperationException("No room for 3 more in-process methods.");

        PluginSupervisor supervisor = await StartAsync();

        FaultRecord record = Assert.Single(_recorder.Faults());
        Assert.Equal((FaultKind.StartFailure, 1), (record.Kind, record.Generation));
        Assert.Contains("No room for 3 more", record.Message, StringComparison.Ordinal);
        Assert.Equal(PluginState.BackingOff, supervisor.View.State);
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(v => v.State == PluginState.Quarantined);
    }

    [Fact]
    public async Task A_death_that_comes_while_a_stop_begins_is_recorded_since_calls_point_to_it()
    {
        FakeInstance? running = null;
        _process.OnStart = (request, _) => Task.FromResult<IPluginInstance>(running = new FakeInstance(request.Generation)
        {
            OnStop = () =>
            {
                running!.Die(FaultKind.Signal);
                return Task.CompletedTask;
            },
        });
        PluginSupervisor supervisor = await StartAsync();

        await supervisor.StopAsync();

        Assert.Equal("death-of-1", Assert.Single(_recorder.Faults()).Id);
        Assert.Equal(PluginState.Stopped, supervisor.View.State);
    }

    [Fact]
    public async Task A_plugin_whose_folder_could_not_be_read_has_one_record_that_says_why()
    {
        SupervisedPlugin unreadable = Any.Plugin(tier: null) with { Manifest = null };
        PluginSupervisor supervisor = Create(unreadable);

        await supervisor.StartAsync();
        await supervisor.StartAsync();

        FaultRecord record = Assert.Single(_recorder.Faults());
        Assert.Equal((FaultKind.StartFailure, 0, (PluginTier?)null, "any refusal"), (record.Kind, record.Generation, record.Tier, record.Message));
        Assert.Equal((PluginState.Refused, record.Id), (supervisor.View.State, supervisor.View.FaultId));
        Assert.NotNull(record.Remedy);
    }

    [Fact]
    public async Task A_call_that_waited_for_a_worker_and_finds_the_plugin_in_process_is_told_to_come_again()
    {
        // A fake is no worker, as a plugin that was moved back is none.
        PluginSupervisor supervisor = await StartAsync();
        IMarkdown markdown = (IMarkdown)ContractDescriptor.Find(typeof(IMarkdown))!.CreateProxy(supervisor.Invoker);

        PluginUnavailableException moved = await Assert.ThrowsAsync<PluginUnavailableException>(() => markdown.RenderAsync("# a", TestContext.Current.CancellationToken));

        Assert.True(moved.IsRetryable);
    }

    [Fact]
    public async Task The_second_restart_waits_a_second_of_the_clock()
    {
        await StartAsync();
        _process.Started[0].Die(FaultKind.Exit);
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });

        _process.Started[1].Die(FaultKind.Exit);
        PluginView waiting = await UntilAsync(v => v.State == PluginState.BackingOff);
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 3 });

        Assert.InRange((waiting.RetryAt!.Value - waiting.Since).TotalSeconds, 0.8, 1.0);
    }

    [Fact]
    public async Task Past_its_budget_a_plugin_is_quarantined_until_it_is_reset()
    {
        PluginSupervisor supervisor = await StartAsync(new RestartOptions { Limit = 1 });
        _process.Started[0].Die(FaultKind.Signal);
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });

        _process.Started[1].Die(FaultKind.Signal);
        PluginView quarantined = await UntilAsync(v => v.State == PluginState.Quarantined);
        PluginUnavailableException refused = await Assert.ThrowsAsync<PluginUnavailableException>(
            async () => await supervisor.WaitReadyAsync(s_method, CancellationToken.None));
        await supervisor.StartAsync();
        PluginState afterStart = supervisor.View.State;
        await supervisor.ResetAsync();

        Assert.Contains("restart.limit is 1", quarantined.Reason, StringComparison.Ordinal);
        Assert.False(refused.IsRetryable);
        Assert.Equal(PluginState.Quarantined, afterStart);
        Assert.Equal(PluginState.Ready, supervisor.View.State);
    }

    [Fact]
    public async Task A_call_waits_for_the_next_generation_within_its_deadline()
    {
        PluginSupervisor supervisor = await StartAsync();
        _process.Started[0].Die(FaultKind.Exit);
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        _process.Started[1].Die(FaultKind.Exit);
        await UntilAsync(v => v.State == PluginState.BackingOff);

        Task<IPluginInstance> call = supervisor.WaitReadyAsync(s_method, CancellationToken.None).AsTask();
        bool waited = !call.IsCompleted;
        await _clock.UntilTimersAsync(2, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.True(waited);
        Assert.Equal(3, (await call).Generation);
    }

    [Fact]
    public async Task A_call_whose_deadline_ends_before_the_next_try_is_told_at_once_when_to_retry()
    {
        PluginSupervisor supervisor = await StartAsync();
        _process.Started[0].Die(FaultKind.Exit);
        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        _process.Started[1].Die(FaultKind.Exit);
        await UntilAsync(v => v.State == PluginState.BackingOff);
        ContractMethod impatient = new(0, "Do", "Any.Do") { Timeout = TimeSpan.FromMilliseconds(100) };

        PluginUnavailableException unavailable = await Assert.ThrowsAsync<PluginUnavailableException>(
            () => supervisor.WaitReadyAsync(impatient, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.True(unavailable.IsRetryable);
        Assert.InRange(unavailable.RetryAfter!.Value.TotalSeconds, 0.7, 1.0);
    }

    [Fact]
    public async Task A_failed_start_is_tried_once_more_and_then_quarantined_with_the_reason()
    {
        _process.OnStart = (request, _) => throw new PluginFaultException(
            "its library is missing", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });

        await StartAsync();
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));
        PluginView quarantined = await UntilAsync(v => v.State == PluginState.Quarantined);

        Assert.Contains("its library is missing", quarantined.Reason, StringComparison.Ordinal);
        Assert.Equal(2, quarantined.Generation);
    }

    [Fact]
    public async Task A_stop_ends_a_start_that_hangs()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OnStart = async (_, cancelled) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _clock, cancelled);
            throw new InvalidOperationException("not reached");
        };
        PluginSupervisor supervisor = Create(Any.Plugin());
        Task starting = supervisor.StartAsync();
        await started.Task;

        await supervisor.StopAsync();
        await starting;

        Assert.Equal(PluginState.Stopped, supervisor.View.State);
    }

    [Fact]
    public async Task A_restart_on_request_spends_no_budget_and_keeps_calls_waiting()
    {
        PluginSupervisor supervisor = await StartAsync(new RestartOptions { Limit = 0 });

        await supervisor.RestartAsync();
        await supervisor.RestartAsync();

        Assert.Equal((PluginState.Ready, 3), (supervisor.View.State, supervisor.View.Generation));
        Assert.Empty(_recorder.Faults());
    }

    [Fact]
    public async Task Too_many_counted_faults_end_a_generation_like_a_crash()
    {
        PluginSupervisor supervisor = await StartAsync();

        for (int i = 0; i < 100; i++)
        {
            supervisor.Observer.Fault(supervisor.Describe(s_method, FaultKind.Exception, "again"));
        }

        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        Assert.True(_process.Started[0].IsStopped);
    }

    [Fact]
    public async Task In_process_a_generation_that_cannot_be_proved_unloaded_is_followed_by_a_child_process()
    {
        _inProcess.Unload = UnloadOutcome.Leaked;
        PluginSupervisor supervisor = Create(Any.Plugin(PluginTier.InProcess));
        await supervisor.StartAsync();

        for (int i = 0; i < 100; i++)
        {
            supervisor.Observer.Fault(supervisor.Describe(s_method, FaultKind.Exception, "again"));
        }

        await UntilAsync(v => v is { State: PluginState.Ready, Generation: 2 });
        Assert.Equal(PluginTier.Process, supervisor.Tier);
        Assert.Contains(supervisor.Reasons, r => r.StartsWith("Moved to the process tier", StringComparison.Ordinal));
    }

    [Fact]
    public async Task News_of_an_old_generation_is_ignored()
    {
        PluginSupervisor supervisor = await StartAsync();
        await supervisor.RestartAsync();

        _process.Started[0].Die(FaultKind.Signal);
        await supervisor.StartAsync();

        Assert.Equal((PluginState.Ready, 2), (supervisor.View.State, supervisor.View.Generation));
        Assert.Empty(_recorder.Faults());
    }

    [Fact]
    public async Task A_refused_plugin_tells_its_callers_why()
    {
        PluginSupervisor supervisor = Create(Any.Plugin(tier: null));
        await supervisor.StartAsync();

        PluginRefusedException refused = await Assert.ThrowsAsync<PluginRefusedException>(
            async () => await supervisor.WaitReadyAsync(s_method, CancellationToken.None));

        Assert.Contains("any refusal", refused.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_supervisor is not null)
        {
            await _supervisor.DisposeAsync();
        }

        _recorder.Dispose();
    }

    private async Task<PluginSupervisor> StartAsync(RestartOptions? restart = null)
    {
        PluginSupervisor supervisor = Create(Any.Plugin(restart: restart));
        await supervisor.StartAsync();
        return supervisor;
    }

    private PluginSupervisor Create(SupervisedPlugin plugin) =>
        _supervisor = new PluginSupervisor(plugin, Any.Supervision(_clock, _recorder, _process, _inProcess));

    private Task<PluginView> UntilAsync(Func<PluginView, bool> condition) => UntilAsync(_supervisor!, condition);

    private static async Task<PluginView> UntilAsync(PluginSupervisor supervisor, Func<PluginView, bool> condition)
    {
        while (true)
        {
            PluginView view = supervisor.View;
            if (condition(view))
            {
                return view;
            }

            await view.Changed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }
}

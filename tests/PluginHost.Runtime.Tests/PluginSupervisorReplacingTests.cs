using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>A generation in the place of a running one, over a fake tier and a virtual clock.</summary>
public sealed class PluginSupervisorReplacingTests : IAsyncDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeTier _tier = new(PluginTier.Process);
    private readonly Recorder _recorder = new(new RecorderOptions(), TimeProvider.System, NullLogger.Instance);
    private readonly List<string> _states = [];
    private readonly IDisposable _subscription;
    private PluginSupervisor _supervisor = null!;

    public PluginSupervisorReplacingTests() => _subscription = _recorder.Subscribe(told =>
    {
        if (told is LifecycleEvent change)
        {
            lock (_states)
            {
                _states.Add($"{change.State} {change.Generation}");
            }
        }
    });

    [Fact]
    public async Task A_reload_swaps_the_new_generation_in_and_at_no_moment_takes_no_calls()
    {
        await StartAsync();

        await ReloadAsync(Version("1.1.0"));

        Assert.Equal(["starting 1", "ready 1", "ready 2"], _states);
        Assert.Equal("1.1.0", _supervisor.Plugin.Manifest!.Version);
        Assert.Same(_tier.Started[1], _supervisor.View.Instance);
        Assert.Equal(_tier.Started[1].WorkerPid, _supervisor.Observer.WorkerPid);
        Assert.True(_tier.Started[0] is { IsDrained: true, IsStopped: true, IsDisposed: true });
        RestartRecord restart = Assert.Single(_recorder.Restarts());
        Assert.Equal((1, 2, "reload"), (restart.FromGeneration, restart.ToGeneration, restart.Cause));
        Assert.Empty(_recorder.Faults());
    }

    [Fact]
    public async Task The_old_generation_is_not_asked_to_stop_before_its_calls_have_ended()
    {
        TaskCompletionSource drain = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(
            request.Generation == 1 ? new FakeInstance(1) { Drain = drain } : new FakeInstance(request.Generation));
        await StartAsync();
        FakeInstance old = (FakeInstance)_supervisor.View.Instance!;

        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await UntilAsync(() => _supervisor.View.Generation == 2);
        bool wasStopped = old.IsStopped;
        bool wasOver = reload.IsCompleted;
        drain.SetResult();
        await reload.WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.False(wasStopped);
        Assert.False(wasOver);
        Assert.True(old.IsDisposed);
    }

    [Fact]
    public async Task Of_one_that_ended_while_another_version_was_tried_in_vain_nobody_says_that_it_goes_on()
    {
        TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource fails = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync();
        _tier.OnStart = async (request, _) =>
        {
            _tier.OnStart = null;
            tried.SetResult();
            await fails.Task;
            throw new PluginFaultException("its library is missing", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });
        };

        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await tried.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);
        _tier.Started[0].Die(FaultKind.Signal);
        fails.SetResult();
        PluginFaultException refused = await Assert.ThrowsAsync<PluginFaultException>(() => reload);
        await UntilAsync(() => _supervisor.View is { State: PluginState.Ready, Generation: > 1 });

        Assert.Contains("its library is missing Version 1.0.0 stays.", refused.Message, StringComparison.Ordinal);
        Assert.Equal([FaultKind.StartFailure, FaultKind.Signal], _recorder.Faults().Select(f => f.Kind));
    }

    [Fact]
    public async Task A_version_that_does_not_start_leaves_the_old_one_and_one_record_of_why()
    {
        await StartAsync();
        _tier.OnStart = (request, _) => throw new PluginFaultException(
            "its library is missing", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation, Remedy = "Ship it." });

        PluginFaultException failed = await Assert.ThrowsAsync<PluginFaultException>(() => ReloadAsync(Version("1.1.0")));

        FaultRecord record = Assert.Single(_recorder.Faults());
        Assert.Equal((FaultKind.StartFailure, 2, "Ship it."), (record.Kind, record.Generation, record.Remedy));
        Assert.Equal("its library is missing Generation 1 (1.0.0) goes on.", record.Message);
        Assert.Equal((record.Id, record.Message), (failed.FaultId, failed.Message));
        Assert.Equal((PluginState.Ready, 1, record.Id), (_supervisor.View.State, _supervisor.View.Generation, _supervisor.View.FaultId));
        Assert.Contains(_supervisor.Reasons, r => r == "The version 1.1.0 was not taken: its library is missing");
        Assert.Equal("1.0.0", _supervisor.Plugin.Manifest!.Version);
        Assert.False(_tier.Started[0].IsStopped);
        Assert.Empty(_recorder.Restarts());
    }

    [Fact]
    public async Task A_version_that_did_not_start_leaves_its_number_to_its_record_alone()
    {
        await StartAsync();
        _tier.OnStart = (request, _) => throw new PluginFaultException("no", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });
        await Assert.ThrowsAsync<PluginFaultException>(() => ReloadAsync(Version("1.1.0")));
        await Assert.ThrowsAsync<PluginFaultException>(() => ReloadAsync(Version("1.2.0")));
        _tier.OnStart = null;

        await ReloadAsync(Version("1.3.0"));
        int reloaded = _supervisor.View.Generation;
        await _supervisor.RestartAsync();

        Assert.Equal([2, 3], _recorder.Faults().Select(f => f.Generation));
        Assert.Equal((4, 5), (reloaded, _supervisor.View.Generation));
    }

    [Fact]
    public async Task The_record_of_a_version_that_was_not_taken_names_no_worker_and_one_that_was_refused_no_generation()
    {
        await StartAsync();
        _tier.OnStart = (request, _) => throw new PluginFaultException("no", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });
        SupervisedPlugin older = Version("0.9.0");

        await Assert.ThrowsAsync<PluginFaultException>(() => ReloadAsync(Version("1.1.0")));
        PluginRefusedException refused = await Assert.ThrowsAsync<PluginRefusedException>(() => ReloadAsync(older));

        Assert.Equal([(2, (int?)null), (0, null)], _recorder.Faults().Select(f => (f.Generation, f.WorkerPid)));
        Assert.Equal(0, refused.Generation);
        Assert.Equal(1, _supervisor.View.Generation);
    }

    [Fact]
    public async Task What_a_person_has_agreed_to_holds_where_a_watch_takes_the_same_content_meanwhile()
    {
        await StartAsync();
        SupervisedPlugin wants = Version("1.1.0");
        wants = wants with { Asked = wants.Asked! with { Permissions = new PluginPermissions { Network = true } } };
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _tier.OnStart = async (request, cancelled) =>
        {
            if (began.TrySetResult())
            {
                return await HangAsync(request, cancelled);
            }

            return new FakeInstance(request.Generation);
        };
        Task<UnloadResult> agreed = _supervisor.ReloadAsync(() => wants, new ReloadTerms(AcceptsChanges: true));
        await began.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);

        Task<UnloadResult> watched = _supervisor.ReloadAsync(() => wants, new ReloadTerms(StartsStopped: false, OnlyIfChanged: true));
        await Task.WhenAll(agreed, watched).WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.Equal("1.1.0", _supervisor.Plugin.Manifest!.Version);
        Assert.Empty(_recorder.Faults());
    }

    [Fact]
    public async Task Another_content_that_comes_meanwhile_is_not_agreed_to()
    {
        await StartAsync();
        SupervisedPlugin other = Version("1.2.0");
        other = other with { Asked = other.Asked! with { Permissions = new PluginPermissions { Network = true } } };
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _tier.OnStart = async (request, cancelled) =>
        {
            began.TrySetResult();
            return await HangAsync(request, cancelled);
        };
        Task<UnloadResult> agreed = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms(AcceptsChanges: true));
        await began.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<PluginRefusedException>(() => _supervisor.ReloadAsync(() => other, new ReloadTerms()).WaitAsync(s_long));
        await Assert.ThrowsAsync<PluginRefusedException>(() => agreed.WaitAsync(s_long));
    }

    [Fact]
    public async Task What_runs_and_what_lets_go_is_in_use_and_what_has_ended_is_not()
    {
        TaskCompletionSource drain = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(
            request.Generation == 1 ? new FakeInstance(1) { Drain = drain } : new FakeInstance(request.Generation));
        await StartAsync();

        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await UntilAsync(() => _supervisor.View.Generation == 2);
        string[] meanwhile = [.. _supervisor.Contents.Order()];
        drain.SetResult();
        await reload.WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.Equal(["1.0.0", "1.1.0"], meanwhile);
        Assert.Equal(["1.1.0"], _supervisor.Contents);
    }

    [Fact]
    public async Task The_last_stop_gives_what_was_replaced_no_more_time_than_the_rest()
    {
        FakeInstance? old = null;
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(
            request.Generation == 1
                ? old = new FakeInstance(1) { Drain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) }
                : new FakeInstance(request.Generation));
        await StartAsync();
        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await UntilAsync(() => _supervisor.View.Generation == 2);

        await _supervisor.CloseAsync(TimeSpan.Zero).WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.True(old!.IsDisposed);
        await reload.WaitAsync(s_long, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_hot_spare_keeps_its_number_while_another_content_is_tried_in_vain()
    {
        await StartAsync(spare: SpareMode.Hot);
        await UntilAsync(() => _supervisor.HasHotSpare);
        _tier.OnStart = (request, _) => throw new PluginFaultException("no", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });
        await Assert.ThrowsAsync<PluginFaultException>(() => ReloadAsync(Version("1.1.0") with { Spare = SpareMode.Hot }));
        _tier.OnStart = null;

        await _supervisor.RestartAsync();
        await UntilAsync(() => _supervisor.HasHotSpare);

        Assert.Equal(3, Assert.Single(_recorder.Faults()).Generation);
        Assert.Same(_tier.Started[1], _supervisor.View.Instance);
        Assert.Equal([1, 2, 4], _tier.Started.Select(i => i.Generation));
    }

    [Fact]
    public async Task One_that_could_not_be_recycled_with_its_hot_spare_gets_another()
    {
        await StartAsync(recycle: new RecycleOptions { Calls = 1 }, spare: SpareMode.Hot);
        await UntilAsync(() => _supervisor.HasHotSpare);
        FakeInstance spare = _tier.Started[1];
        spare.Illness = new PluginFaultException("it gave false", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = 2 });

        _tier.Started[0].Used = new InstanceUsage(1, null);
        await LookAsync();
        await UntilAsync(() => spare.IsDisposed);
        _tier.Started[0].Used = default;
        await UntilAsync(() => _supervisor.HasHotSpare);

        Assert.Equal(1, _supervisor.View.Generation);
        Assert.Equal([1, 2, 3], _tier.Started.Select(i => i.Generation));
    }

    [Fact]
    public async Task A_version_that_is_not_healthy_is_ended_and_the_old_one_goes_on()
    {
        FakeInstance? ill = null;
        await StartAsync();
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(
            ill = new FakeInstance(request.Generation) { Illness = new PluginFaultException("it gave false", new PluginFault(Any.PluginId, FaultKind.StartFailure)) });

        await Assert.ThrowsAsync<PluginFaultException>(() => ReloadAsync(Version("1.1.0")));

        Assert.True(ill!.IsDisposed);
        Assert.Equal(1, _supervisor.View.Generation);
        Assert.Single(_recorder.Faults());
    }

    [Fact]
    public async Task A_version_that_does_not_start_in_time_is_given_up()
    {
        await StartAsync();
        _tier.OnStart = HangAsync;

        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(40));
        PluginFaultException failed = await Assert.ThrowsAsync<PluginFaultException>(() => reload.WaitAsync(s_long));

        Assert.Contains("was not ready and healthy within 00:00:40", failed.Message, StringComparison.Ordinal);
        Assert.Equal((PluginState.Ready, 1), (_supervisor.View.State, _supervisor.View.Generation));
    }

    [Fact]
    public async Task A_stop_ends_a_reload_that_hangs()
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync();
        _tier.OnStart = async (request, cancelled) =>
        {
            began.SetResult();
            return await HangAsync(request, cancelled);
        };
        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await began.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);

        await _supervisor.StopAsync().WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.Equal(PluginState.Stopped, _supervisor.View.State);
        await Assert.ThrowsAsync<PluginUnavailableException>(() => reload.WaitAsync(s_long));
        Assert.Empty(_recorder.Faults());
        Assert.True(_tier.Started[0].IsDisposed);
    }

    [Fact]
    public async Task Of_several_reloads_at_once_the_last_is_carried_out_and_all_end_with_it()
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync();
        int starts = 0;
        _tier.OnStart = async (request, cancelled) =>
        {
            if (Interlocked.Increment(ref starts) == 1)
            {
                began.SetResult();
                return await HangAsync(request, cancelled);
            }

            return new FakeInstance(request.Generation);
        };
        Task<UnloadResult> first = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await began.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);

        Task<UnloadResult> second = _supervisor.ReloadAsync(() => Version("1.2.0"), new ReloadTerms());
        Task<UnloadResult> third = _supervisor.ReloadAsync(() => Version("1.3.0"), new ReloadTerms());
        await Task.WhenAll(first, second, third).WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.Equal("1.3.0", _supervisor.Plugin.Manifest!.Version);
        Assert.Equal("1.3.0", _supervisor.Plugin.Manifest.Version);
        Assert.Empty(_recorder.Faults());
        Assert.InRange(_supervisor.View.Generation, 2, 3);
    }

    [Fact]
    public async Task A_generation_that_dies_while_its_successor_starts_is_recorded_once_and_not_restarted()
    {
        TaskCompletionSource<IPluginInstance> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync(new RestartOptions { Limit = 0 });
        _tier.OnStart = (_, _) =>
        {
            began.SetResult();
            return next.Task;
        };
        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await began.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);

        _tier.Started[0].Die(FaultKind.Signal);
        next.SetResult(new FakeInstance(2));
        await reload.WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.Equal((PluginState.Ready, 2), (_supervisor.View.State, _supervisor.View.Generation));
        Assert.Equal("death-of-1", Assert.Single(_recorder.Faults()).Id);
    }

    [Fact]
    public async Task A_successor_that_is_not_ready_soon_after_the_old_one_died_is_given_up_for_a_restart()
    {
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync();
        _tier.OnStart = async (request, cancelled) =>
        {
            if (began.TrySetResult())
            {
                return await HangAsync(request, cancelled);
            }

            return new FakeInstance(request.Generation);
        };
        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await began.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);

        _tier.Started[0].Die(FaultKind.Signal);
        await UntilAsync(() => _clock.NextDue == TimeSpan.FromSeconds(5));
        _clock.Advance(TimeSpan.FromSeconds(5));
        PluginFaultException failed = await Assert.ThrowsAsync<PluginFaultException>(() => reload.WaitAsync(s_long));
        await UntilAsync(() => _supervisor.View is { State: PluginState.Ready, Generation: 3 });

        Assert.Contains("generation 1 ended meanwhile", failed.Message, StringComparison.Ordinal);
        Assert.EndsWith("Version 1.0.0 stays.", failed.Message, StringComparison.Ordinal);
        Assert.Equal("1.0.0", _supervisor.Plugin.Manifest!.Version);
        Assert.Equal([FaultKind.StartFailure, FaultKind.Signal], _recorder.Faults().Select(f => f.Kind));
    }

    [Fact]
    public async Task A_version_that_asks_for_more_is_refused_until_a_person_agrees()
    {
        await StartAsync();
        SupervisedPlugin wants = Version("1.1.0");
        wants = wants with { Asked = wants.Asked! with { Permissions = new PluginPermissions { Network = true } } };

        PluginRefusedException refused = await Assert.ThrowsAsync<PluginRefusedException>(() => ReloadAsync(wants));
        int before = _supervisor.View.Generation;
        await _supervisor.ReloadAsync(() => wants, new ReloadTerms(AcceptsChanges: true)).WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.Contains("network: true", refused.Message, StringComparison.Ordinal);
        Assert.Equal(FaultKind.Refused, Assert.Single(_recorder.Faults()).Kind);
        Assert.Equal((1, 2), (before, _supervisor.View.Generation));
    }

    [Fact]
    public async Task A_watch_leaves_the_same_content_and_a_stopped_plugin_alone()
    {
        await StartAsync();
        ReloadTerms watch = new(StartsStopped: false, OnlyIfChanged: true);

        await _supervisor.ReloadAsync(() => Version("1.0.0"), watch);
        int same = _supervisor.View.Generation;
        await _supervisor.StopAsync();
        await _supervisor.ReloadAsync(() => Version("1.1.0"), watch);
        PluginState stopped = _supervisor.View.State;
        await _supervisor.StartAsync();

        Assert.Equal((1, PluginState.Stopped), (same, stopped));
        Assert.Equal((2, "1.1.0"), (_supervisor.View.Generation, _supervisor.Plugin.Manifest!.Version));
    }

    [Fact]
    public async Task A_quarantined_plugin_is_started_by_a_reload_with_a_new_budget()
    {
        await StartAsync(new RestartOptions { Limit = 0 });
        _tier.Started[0].Die(FaultKind.Signal);
        await UntilAsync(() => _supervisor.View.State == PluginState.Quarantined);

        await ReloadAsync(Version("1.1.0"));

        Assert.Equal((PluginState.Ready, 2), (_supervisor.View.State, _supervisor.View.Generation));
    }

    [Fact]
    public async Task A_stop_waits_for_what_was_replaced_too()
    {
        TaskCompletionSource drain = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(
            request.Generation == 1 ? new FakeInstance(1) { Drain = drain } : new FakeInstance(request.Generation));
        await StartAsync();
        FakeInstance old = (FakeInstance)_supervisor.View.Instance!;
        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await UntilAsync(() => _supervisor.View.Generation == 2);

        Task<UnloadResult> stop = _supervisor.StopAsync();
        await UntilAsync(() => _supervisor.View.State == PluginState.Stopped);
        bool wasOver = stop.IsCompleted;
        drain.SetResult();
        await Task.WhenAll(stop, reload).WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.False(wasOver);
        Assert.True(old.IsDisposed);
    }

    [Fact]
    public async Task What_is_asked_for_behind_the_end_starts_nothing()
    {
        await StartAsync();

        ValueTask ended = _supervisor.DisposeAsync();
        Task<UnloadResult> reload = _supervisor.ReloadAsync(() => Version("1.1.0"), new ReloadTerms());
        await ended;
        await reload.WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.Single(_tier.Started);
        Assert.True(_tier.Started[0].IsDisposed);
    }

    [Fact]
    public async Task Calls_recycle_with_no_budget_spent_and_no_fault()
    {
        await StartAsync(new RestartOptions { Limit = 0 }, new RecycleOptions { Calls = 1000 });

        _tier.Started[0].Used = new InstanceUsage(899, null);
        await LookAsync();
        int before = _supervisor.View.Generation;
        _tier.Started[0].Used = new InstanceUsage(1000, null);
        await LookAsync();
        await UntilAsync(() => _supervisor.View.Generation == 2 && _tier.Started[0].IsDisposed);

        Assert.Equal(1, before);
        Assert.Equal("recycle.calls", Assert.Single(_recorder.Restarts()).Cause);
        Assert.Empty(_recorder.Faults());
        Assert.Contains(_supervisor.Reasons, r => r == "Recycled: generation 1 has taken 1000 calls; recycle.calls is 1000.");
        Assert.True(_tier.Started[0].IsDrained);
    }

    [Fact]
    public async Task Age_recycles_again_and_again()
    {
        await StartAsync(recycle: new RecycleOptions { Age = TimeSpan.FromSeconds(5) });

        for (int generation = 2; generation < 5; generation++)
        {
            for (int second = 0; second < 5 && _supervisor.View.Generation < generation; second++)
            {
                await LookAsync();
            }

            await UntilAsync(() => _supervisor.View.Generation == generation);
        }

        Assert.All(_recorder.Restarts(), r => Assert.Equal("recycle.age", r.Cause));
    }

    [Fact]
    public async Task Memory_above_the_hard_limit_is_a_fault_that_spends_budget()
    {
        await StartAsync(new RestartOptions { Limit = 0 }, new RecycleOptions { Memory = 1 << 20, MemoryHard = 2 << 20 });

        _tier.Started[0].Used = new InstanceUsage(0, 3 << 20);
        await LookAsync();
        await UntilAsync(() => _supervisor.View.State == PluginState.Quarantined);

        Assert.Equal(("recycle.memoryHard", "has 3 MiB of resident memory; recycle.memoryHard is 2 MiB"), _tier.Started[0].EndedOver);
    }

    [Fact]
    public async Task One_that_cannot_be_recycled_goes_on_and_is_tried_again_later()
    {
        await StartAsync(recycle: new RecycleOptions { Calls = 1 });
        _tier.Started[0].Used = new InstanceUsage(1, null);
        _tier.OnStart = (request, _) => throw new PluginFaultException("no room", new PluginFault(Any.PluginId, FaultKind.StartFailure) { Generation = request.Generation });

        await LookAsync();
        await UntilAsync(() => _recorder.Faults().Length == 1 && _clock.NextDue == TimeSpan.FromSeconds(2));
        _clock.Advance(TimeSpan.FromSeconds(1.5));
        bool tooSoon = _recorder.Faults().Length > 1;
        _tier.OnStart = null;
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        await UntilAsync(() => _supervisor.View.Generation == 3);

        Assert.False(tooSoon);
        Assert.Contains("Generation 1 (1.0.0) goes on.", Assert.Single(_recorder.Faults()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recycled_plugin_takes_its_hot_spare()
    {
        await StartAsync(recycle: new RecycleOptions { Calls = 1 }, spare: SpareMode.Hot);
        await UntilAsync(() => _supervisor.HasHotSpare);
        FakeInstance spare = _tier.Started[1];

        _tier.Started[0].Used = new InstanceUsage(1, null);
        await LookAsync();
        await UntilAsync(() => _supervisor.View.Generation == 2 && _supervisor.HasHotSpare);

        Assert.Same(spare, _supervisor.View.Instance);
        Assert.Equal([1, 2, 3], _tier.Started.Select(i => i.Generation));
    }

    public async ValueTask DisposeAsync()
    {
        await _supervisor.DisposeAsync();
        Assert.All(_tier.Started, i => Assert.True(i.IsDisposed));
        _subscription.Dispose();
        _recorder.Dispose();
    }

    private async Task StartAsync(RestartOptions? restart = null, RecycleOptions? recycle = null, SpareMode spare = SpareMode.Warm)
    {
        SupervisedPlugin plugin = Version("1.0.0");
        plugin = plugin with { Manifest = plugin.Manifest! with { Restart = restart ?? new RestartOptions(), Recycle = recycle ?? new RecycleOptions() }, Spare = spare };
        _supervisor = new PluginSupervisor(plugin, Any.Supervision(_clock, _recorder, _tier));
        await _supervisor.StartAsync();
    }

    private static SupervisedPlugin Version(string version) => Any.Plugin() with
    {
        Manifest = Any.Manifest() with { Version = version },
        Asked = Any.Manifest() with { Version = version },
        ContentHash = version,
    };

    private Task<UnloadResult> ReloadAsync(SupervisedPlugin next) =>
        _supervisor.ReloadAsync(() => next, new ReloadTerms()).WaitAsync(s_long, TestContext.Current.CancellationToken);

    // One look at what is used: the clock moves once the watch waits for it.
    private async Task LookAsync()
    {
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private async Task<IPluginInstance> HangAsync(StartRequest request, CancellationToken cancelled)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, _clock, cancelled);
        throw new InvalidOperationException("not reached");
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_long, "What was waited for did not happen.");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}

using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>The next generation that stands ready, over a fake tier and a virtual clock.</summary>
public sealed class PluginSupervisorSparesTests : IAsyncDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeTier _tier = new(PluginTier.Process);
    private readonly Recorder _recorder = new(new RecorderOptions(), TimeProvider.System, NullLogger.Instance);
    private PluginSupervisor _supervisor = null!;

    [Fact]
    public async Task A_crash_makes_the_hot_spare_the_next_generation_and_another_is_started()
    {
        await StartAsync();
        FakeInstance spare = _tier.Started[1];

        _tier.Started[0].Die(FaultKind.Signal);
        await UntilAsync(() => _supervisor.View is { State: PluginState.Ready, Generation: 2 });

        Assert.Same(spare, _supervisor.View.Instance);
        Assert.Equal(spare.WorkerPid, _supervisor.Observer.WorkerPid);
        await UntilAsync(() => _supervisor.HasHotSpare);
        Assert.Equal([1, 2, 3], _tier.Started.Select(i => i.Generation));
        Assert.False(spare.IsDisposed);
    }

    [Fact]
    public async Task A_restart_on_request_takes_it_too()
    {
        await StartAsync();

        await _supervisor.RestartAsync();

        Assert.Same(_tier.Started[1], _supervisor.View.Instance);
    }

    [Fact]
    public async Task Another_content_does_not_take_it_and_ends_it()
    {
        await StartAsync();

        await _supervisor.ReloadAsync(() => Any.Plugin() with { Spare = SpareMode.None }, new ReloadTerms());

        // The spare has the 2.
        Assert.Equal(3, _supervisor.View.Generation);
        Assert.NotSame(_tier.Started[1], _supervisor.View.Instance);
        await UntilAsync(() => _tier.Started[1].IsDisposed);
    }

    [Fact]
    public async Task A_stop_ends_it()
    {
        await StartAsync();

        await _supervisor.StopAsync();

        Assert.True(_tier.Started[1].IsDisposed);
        Assert.False(_supervisor.HasHotSpare);
    }

    [Fact]
    public async Task One_that_cannot_be_started_for_whatever_reason_keeps_no_plugin_from_being_stopped()
    {
        TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync();
        _tier.OnStart = (request, _) => request.Generation == 2 ? Task.FromResult<IPluginInstance>(new FakeInstance(2)) : Fail();
        await _supervisor.RestartAsync();
        await tried.Task.WaitAsync(s_long, TestContext.Current.CancellationToken);

        await _supervisor.StopAsync();

        Assert.Equal(PluginState.Stopped, _supervisor.View.State);

        Task<IPluginInstance> Fail()
        {
            tried.TrySetResult();
            throw new InvalidOperationException("a defect");
        }
    }

    [Fact]
    public async Task A_stop_waits_for_one_whose_end_has_begun_before()
    {
        TaskCompletionSource ends = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<FakeInstance> started = [];
        _tier.OnStart = (request, _) =>
        {
            FakeInstance instance = new(request.Generation) { OnDispose = started.Count == 1 ? () => ends.Task : null };
            started.Add(instance);
            return Task.FromResult<IPluginInstance>(instance);
        };
        await StartAsync();
        await _supervisor.ReloadAsync(() => Any.Plugin() with { Spare = SpareMode.None }, new ReloadTerms());

        Task stop = _supervisor.StopAsync();
        await UntilAsync(() => _supervisor.View.State == PluginState.Stopped);
        await Task.WhenAny(stop, Task.Delay(200, TestContext.Current.CancellationToken));
        bool wasOver = stop.IsCompleted;
        ends.SetResult();
        await stop.WaitAsync(s_long, TestContext.Current.CancellationToken);

        Assert.False(wasOver);
        Assert.Equal(3, started.Count);
        Assert.All(started, i => Assert.True(i.IsDisposed));
    }

    [Fact]
    public async Task A_quarantine_ends_it()
    {
        await StartAsync(new RestartOptions { Limit = 0 });

        _tier.Started[0].Die(FaultKind.Signal);
        await UntilAsync(() => _supervisor.View.State == PluginState.Quarantined);

        await UntilAsync(() => _tier.Started[1].IsDisposed);
    }

    [Fact]
    public async Task One_that_died_is_not_taken_and_spends_no_budget()
    {
        await StartAsync();

        _tier.Started[1].Die(FaultKind.Exit);
        _tier.Started[0].Die(FaultKind.Signal);
        await UntilAsync(() => _supervisor.View is { State: PluginState.Ready, Generation: 2 } && _recorder.Restarts().Length > 0);

        // Recorded right after the state has changed.
        await UntilAsync(() => _recorder.Restarts().Length > 0);
        Assert.NotSame(_tier.Started[1], _supervisor.View.Instance);
        Assert.Single(_recorder.Restarts());
        Assert.Equal(FaultKind.Signal, Assert.Single(_recorder.Faults()).Kind);
    }

    [Fact]
    public async Task One_that_dies_is_started_again_after_a_second_of_the_clock()
    {
        await StartAsync();

        _tier.Started[1].Die(FaultKind.Exit);
        await UntilAsync(() => _tier.Started[1].IsDisposed);
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        int before = _tier.Started.Count;
        _clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => _supervisor.HasHotSpare);

        Assert.Equal(2, before);
        Assert.Equal(2, _tier.Started[2].Generation);
    }

    [Theory]
    [InlineData(SpareMode.Hot, 1, "stands ready")]
    [InlineData(SpareMode.None, 1, "the policy keeps no spare for it")]
    [InlineData(SpareMode.Warm, 0, "the host keeps no spare workers")]
    public async Task The_reasons_say_what_a_restart_will_find(SpareMode spare, int warm, string said)
    {
        await StartAsync(spare: spare, warm: warm);

        Assert.Contains(_supervisor.Reasons, r => r.Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plugin_without_a_hot_spare_starts_one_worker_only()
    {
        await StartAsync(spare: SpareMode.Warm);

        await _supervisor.RestartAsync();

        Assert.Equal([1, 2], _tier.Started.Select(i => i.Generation));
    }

    public async ValueTask DisposeAsync()
    {
        await _supervisor.DisposeAsync();
        Assert.All(_tier.Started, i => Assert.True(i.IsDisposed));
        _recorder.Dispose();
    }

    private async Task StartAsync(RestartOptions? restart = null, SpareMode spare = SpareMode.Hot, int warm = 1)
    {
        _supervisor = new PluginSupervisor(Any.Plugin(restart: restart) with { Spare = spare }, new SupervisorSettings
        {
            Clock = _clock,
            Jitter = new Jitter(new Random(1)),
            Tiers = [_tier],
            Recorder = _recorder,
            FaultRate = new FaultRateOptions(),
            RestartQueue = new RestartQueue(new RestartRateOptions(), _clock),
            DrainTimeout = TimeSpan.FromSeconds(1),
            StartTimeout = s_long,
            RoundTrip = false,
            WarmSpares = warm,
            Logger = NullLogger.Instance,
            LoggerFactory = NullLoggerFactory.Instance,
        });
        await _supervisor.StartAsync();
        if (spare == SpareMode.Hot)
        {
            await UntilAsync(() => _supervisor.HasHotSpare);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_long, "It did not come to that.");
            await Task.Yield();
        }
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>The last stop, whatever is under way: over fake tiers and a virtual clock.</summary>
public sealed class PluginSupervisorClosingTests : IDisposable
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeTier _tier = new(PluginTier.Process);
    private readonly Recorder _recorder = new(new RecorderOptions(), TimeProvider.System, NullLogger.Instance);
    private readonly TaskCompletionSource _starting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _recorder.Dispose();

    [Fact]
    public async Task A_start_under_way_is_given_up()
    {
        _tier.OnStart = NeverAsync;
        PluginSupervisor supervisor = Create();
        Task start = supervisor.StartAsync();
        await _starting.Task.WaitAsync(s_long);

        await supervisor.CloseAsync(TimeSpan.Zero).WaitAsync(s_long);

        await start.WaitAsync(s_long);
        Assert.Equal(PluginState.Stopped, supervisor.View.State);
    }

    [Fact]
    public async Task A_restart_under_way_is_given_up()
    {
        PluginSupervisor supervisor = await StartAsync();
        _tier.OnStart = NeverAsync;
        _tier.Started[0].Die(FaultKind.Signal);
        await _starting.Task.WaitAsync(s_long);

        await supervisor.CloseAsync(TimeSpan.Zero).WaitAsync(s_long);

        Assert.Equal(PluginState.Stopped, supervisor.View.State);
    }

    [Fact]
    public async Task A_restart_that_is_waited_for_never_comes()
    {
        PluginSupervisor supervisor = await StartAsync();
        _tier.Started[0].Die(FaultKind.Signal);
        await UntilAsync(() => supervisor.View is { State: PluginState.Ready, Generation: 2 });
        _tier.Started[1].Die(FaultKind.Signal);
        await UntilAsync(() => supervisor.View.State == PluginState.BackingOff);
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);

        await supervisor.CloseAsync(TimeSpan.Zero).WaitAsync(s_long);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(PluginState.Stopped, supervisor.View.State);
        Assert.Equal(2, _tier.Started.Count);
        Assert.Equal(0, _clock.PendingTimers);
    }

    [Fact]
    public async Task A_hot_spare_on_its_way_is_given_up_and_one_that_stands_ready_is_ended()
    {
        PluginSupervisor supervisor = Create(Any.Plugin() with { Spare = SpareMode.Hot });
        await supervisor.StartAsync();
        await UntilAsync(() => supervisor.HasHotSpare);
        PluginSupervisor other = Create(Any.Plugin() with { Spare = SpareMode.Hot });
        int begun = 0;
        _tier.OnStart = (request, cancelled) => Interlocked.Increment(ref begun) == 1 ? Task.FromResult<IPluginInstance>(new FakeInstance(request.Generation)) : NeverAsync(request, cancelled);
        await other.StartAsync();
        await _starting.Task.WaitAsync(s_long);

        await Task.WhenAll(supervisor.CloseAsync(TimeSpan.Zero), other.CloseAsync(TimeSpan.Zero)).WaitAsync(s_long);

        Assert.True(_tier.Started[1].IsDisposed);
        Assert.Equal((PluginState.Stopped, PluginState.Stopped), (supervisor.View.State, other.View.State));
    }

    [Fact]
    public async Task What_is_asked_for_behind_it_starts_nothing()
    {
        TaskCompletionSource stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FakeInstance? running = null;
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(running = new FakeInstance(request.Generation)
        {
            OnStop = () =>
            {
                stopping.SetResult();
                return stopped.Task;
            },
        });
        PluginSupervisor supervisor = await StartAsync();
        FakeInstance first = running!;

        Task close = supervisor.CloseAsync(TimeSpan.Zero);
        await stopping.Task.WaitAsync(s_long);
        Task[] late = [supervisor.StartAsync(), supervisor.RestartAsync(), supervisor.ResetAsync(), supervisor.ReloadAsync(() => Any.Plugin(), new ReloadTerms())];
        stopped.SetResult();
        await close.WaitAsync(s_long);
        await Task.WhenAll(late).WaitAsync(s_long);
        await supervisor.StartAsync().WaitAsync(s_long);

        Assert.Same(first, running);
        Assert.Equal(PluginState.Stopped, supervisor.View.State);
    }

    [Fact]
    public async Task It_waits_for_calls_as_long_as_it_is_told_and_every_caller_waits_for_its_end()
    {
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FakeInstance? running = null;
        _tier.OnStart = (request, _) => Task.FromResult<IPluginInstance>(running = new FakeInstance(request.Generation) { OnStop = () => stopped.Task });
        PluginSupervisor supervisor = await StartAsync();

        Task first = supervisor.CloseAsync(TimeSpan.FromSeconds(7));
        Task second = supervisor.DisposeAsync().AsTask();
        await UntilAsync(() => running!.IsStopped);
        bool[] before = [first.IsCompleted, second.IsCompleted];
        stopped.SetResult();
        await Task.WhenAll(first, second).WaitAsync(s_long);

        Assert.Equal(TimeSpan.FromSeconds(7), running!.Drained);
        Assert.Equal([false, false], before);
    }

    private PluginSupervisor Create(SupervisedPlugin? plugin = null) => new(plugin ?? Any.Plugin(), Any.Supervision(_clock, _recorder, _tier));

    private async Task<PluginSupervisor> StartAsync()
    {
        PluginSupervisor supervisor = Create();
        await supervisor.StartAsync();
        return supervisor;
    }

    private async Task<IPluginInstance> NeverAsync(StartRequest request, CancellationToken cancelled)
    {
        _starting.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, _clock, cancelled);
        throw new InvalidOperationException("not reached");
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource deadline = new(s_long);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), deadline.Token);
        }
    }
}

using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.Tests;

/// <summary>What nobody has thought of: the plugin goes on by the policy, and is left in no state out of which nothing leads.</summary>
public sealed partial class PluginSupervisorTests
{
    [Fact]
    public async Task A_start_that_fails_in_a_way_nobody_has_thought_of_is_a_failed_start()
    {
        _process.OnStart = (_, _) => throw new InvalidOperationException("a defect");

        PluginSupervisor supervisor = await StartAsync();
        PluginState first = supervisor.View.State;
        await _clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(1));
        PluginView quarantined = await UntilAsync(v => v.State == PluginState.Quarantined);
        _process.OnStart = null;
        await supervisor.ResetAsync();

        Assert.Equal(PluginState.BackingOff, first);
        Assert.Contains("the host failed with System.InvalidOperationException: a defect", quarantined.Reason, StringComparison.Ordinal);
        Assert.All(_recorder.Faults(), fault => Assert.Equal(FaultKind.StartFailure, fault.Kind));
        Assert.Equal((PluginState.Ready, 3), (supervisor.View.State, supervisor.View.Generation));
    }

    [Fact]
    public async Task A_stop_that_fails_leaves_no_plugin_between_two_generations()
    {
        _process.OnStart = (request, _) => Task.FromResult<IPluginInstance>(
            new FakeInstance(request.Generation) { OnStop = request.Generation == 1 ? () => throw new InvalidOperationException("a defect") : null });
        PluginSupervisor supervisor = await StartAsync();

        UnloadResult stopped = await supervisor.RestartAsync();

        Assert.Equal(UnloadOutcome.TimedOut, stopped.Outcome);
        Assert.Equal((PluginState.Ready, 2), (supervisor.View.State, supervisor.View.Generation));
    }
}

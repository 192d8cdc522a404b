using Fixtures.Processes.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests;

/// <summary>Real threads of the application that a plugin in-process does not give back, and what is told and done about them.</summary>
public sealed class StuckCallTests : IDisposable
{
    private const string Id = "fixture";
    private readonly TempFolder _folder = new();
    private readonly ListLogger _log = new();
    private readonly List<Thread> _threads = [];
    private readonly string _marker;

    public StuckCallTests() => _marker = _folder["go"];

    public void Dispose()
    {
        // No test leaves a thread behind.
        File.WriteAllText(_marker, "1");
        _threads.ForEach(t => Assert.True(t.Join(Shell.Long)));
        _folder.Dispose();
    }

    [Fact]
    public async Task A_call_that_does_not_return_is_reported_with_its_thread_and_method_and_the_thread_is_lost_until_it_does()
    {
        await using PluginRuntime runtime = await StartAsync(mostLost: 3);

        Hold(runtime, 1);

        Eventually.True(() => runtime.Status[0].StuckCalls.Count == 1, "No call was found stuck.");
        FaultRecord fault = Assert.Single(runtime.Faults);
        StuckCall call = runtime.Status[0].StuckCalls[0];
        Assert.Equal((FaultKind.Hang, "Fixture.Hold", PluginTier.InProcess, 1), (fault.Kind, fault.Method, fault.Tier, fault.Generation));
        Assert.StartsWith($"Fixture.Hold holds thread {call.ThreadId} of the application for ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("The kernel has thread '", fault.Message, StringComparison.Ordinal);
        Assert.Contains("processor time", call.Doing, StringComparison.Ordinal);
        Assert.Equal(1, Stats(runtime).LostThreads);
        Assert.Contains(runtime.Status[0].Reasons, r => r.StartsWith("1 thread(s) of the application are lost in it: thread ", StringComparison.Ordinal));
        Assert.Equal((PluginState.Ready, 3), (runtime.Status[0].State, await Task.Run(() => runtime.Get<IFixture>(Id).Add(1, 2))));

        File.WriteAllText(_marker, "1");

        Eventually.True(() => runtime.Status[0].StuckCalls.Count == 0, "The thread is still lost.");
        Assert.Equal(0, Stats(runtime).LostThreads);
        string let = $"Fixture.Hold has let go of thread {call.ThreadId}, which it held for ";
        Eventually.True(() => _log.Messages().Any(m => m.Contains(let, StringComparison.Ordinal)), "That the thread came back was not logged.");
        Assert.Single(runtime.Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(null)]
    public async Task With_too_many_threads_lost_it_goes_on_in_a_child_process(bool? allowed)
    {
        await using PluginRuntime runtime = await StartAsync(mostLost: 2, allowed);

        Hold(runtime, 2);

        Eventually.True(() => runtime.Status[0] is { Tier: PluginTier.Process, State: PluginState.Ready }, "It was not moved.");
        Assert.Equal(runtime.Status[0].WorkerPid, await Task.Run(() => runtime.Get<IFixture>(Id).ProcessId()));
        FaultRecord fault = Assert.Single(runtime.Faults, f => f.Kind == FaultKind.LimitExceeded);
        Assert.Equal("StuckCalls.LostThreads", fault.Limit);
        Assert.Contains("2 thread(s) of the application are stuck in Fixture.Hold", fault.Message, StringComparison.Ordinal);
        Assert.Contains(
            allowed is null ? "Moved to the process tier because at " : "Demoted from inProcess to process because at ",
            runtime.Status[0].Demotion,
            StringComparison.Ordinal);
        Assert.Equal(2, runtime.Status[0].StuckCalls.Count);
        Assert.Contains("are stuck in Fixture.Hold", await File.ReadAllTextAsync(_folder["state", "demotions.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_policy_forbids_the_move_it_is_quarantined()
    {
        await using PluginRuntime runtime = await StartAsync(mostLost: 1, allowed: false);

        Hold(runtime, 1);

        Eventually.True(() => runtime.Status[0].State == PluginState.Quarantined, "It was not quarantined.");
        await Assert.ThrowsAsync<PluginUnavailableException>(() => Task.Run(() => runtime.Get<IFixture>(Id).Add(1, 2)));
    }

    [Fact]
    public async Task A_call_that_waits_asynchronously_holds_no_thread_and_gets_its_time_out()
    {
        await using PluginRuntime runtime = await StartAsync(mostLost: 1);

        await Assert.ThrowsAsync<PluginTimeoutException>(() => runtime.Get<IFixture>(Id).HangAsync(_folder["hangs"], CancellationToken.None));

        Assert.Equal([FaultKind.Timeout], runtime.Faults.Select(f => f.Kind));
        Assert.Empty(runtime.Status[0].StuckCalls);
    }

    private void Hold(PluginRuntime runtime, int threads)
    {
        IFixture plugin = runtime.Get<IFixture>(Id);
        for (int i = 0; i < threads; i++)
        {
            Thread thread = new(() => plugin.Hold(_marker));
            thread.Start();
            _threads.Add(thread);
        }
    }

    private static PluginStats Stats(PluginRuntime runtime) => runtime.Stats.Plugins.Single(p => p.Tier == PluginTier.InProcess);

    private Task<PluginRuntime> StartAsync(int mostLost, bool? allowed = true)
    {
        string plugins = VictimHost.Layout(_folder, "{}", trust: "full");
        return PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = plugins,
            StateFolder = _folder["state"],
            ContractAssemblies = [typeof(IFixture).Assembly],
            StuckCalls = new StuckCallOptions { ShortestPause = TimeSpan.FromMilliseconds(50), LostThreads = mostLost },
            DrainTimeout = TimeSpan.FromMilliseconds(100),
            LoggerFactory = _log,
            Policy = new PluginPolicy
            {
                Development = plugins,
                Plugins = new Dictionary<string, PluginOverrides>
                {
                    [Id] = new() { Demotion = allowed, Limits = new LimitOverrides { CallTimeout = TimeSpan.FromSeconds(1) } },
                },
            },
        });
    }
}

using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Processes.Tests.OutOfProcess;

/// <summary>Real workers that do to the shared memory whatever they can, while calls go over it.</summary>
public sealed class HostileRingTests : IAsyncLifetime
{
    private const int Stop = 19;
    private static readonly TimeSpan s_callTimeout = TimeSpan.FromSeconds(1);
    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack)
    {
        Options = new ProcessTierOptions { Transport = WorkerTransport.Ring, RingBytes = 64 * 1024 },
    };

    public static TheoryData<string, int> Attacks { get; } = new(
        from how in (string[])["scribble", "control", "unmap"] from seed in Enumerable.Range(1, FixtureWorkers.IsSoak ? 20 : 2) select (how, seed));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task The_host_lives_through_an_attack_with_one_fault_and_a_new_worker_serves(string how, int seed)
    {
        FixtureWorker victim = await _workers.StartAsync(limits: new PluginLimits { CallTimeout = s_callTimeout });
        FixtureWorker neighbour = await _workers.StartAsync();
        using CancellationTokenSource enough = new();
        Task[] callers = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => Attack.CallAsync(victim, () => victim.Plugin.EchoAsync(Text(i), CancellationToken.None), enough.Token)))];

        PluginException? refused = Attack.Begin(() => victim.Plugin.AttackRing(how, seed));
        FaultRecord record = await victim.Instance.Died.WaitAsync(TimeSpan.FromSeconds(60));
        await enough.CancelAsync();
        await Task.WhenAll(callers);

        // A worker that unmaps its own memory ends by what its next look at it does.
        Assert.True(record.Kind is FaultKind.ProtocolViolation or FaultKind.LimitExceeded || (how == "unmap" && record.Kind == FaultKind.Signal), record.Message);

        // What is written over may be the very answer: then its caller waits in vain, or reads something else.
        Attack.AssertOneFault(_workers, victim, record, how == "unmap" || refused?.Kind == record.Kind ? refused : null);
        Assert.Equal("still here", await neighbour.Plugin.EchoAsync("still here", CancellationToken.None));
        FixtureWorker next = await _workers.StartAsync(generation: 2);
        Assert.Equal(5, next.Plugin.Add(2, 3));
        Assert.False(Eventually.IsRunning(victim.Pid));
    }

    [Fact]
    public async Task Nobody_truncates_the_memory()
    {
        FixtureWorker worker = await _workers.StartAsync();

        Assert.EndsWith(" 0 truncated", worker.Plugin.TruncateRing(Environment.ProcessId));

        Assert.Equal(5, worker.Plugin.Add(2, 3));
    }

    [Fact]
    public async Task A_worker_that_takes_nothing_more_meets_deadlines_and_blocks_nobody_else()
    {
        FixtureWorker stopped = await _workers.StartAsync(limits: new PluginLimits { CallTimeout = s_callTimeout });
        FixtureWorker neighbour = await _workers.StartAsync();
        Assert.Equal(0, Libc.kill(stopped.Pid, Stop));
        Eventually.True(() => File.ReadAllText($"/proc/{stopped.Pid}/stat").Contains(") T "), "The worker does not stop.");
        string large = new('x', 50_000);

        Task<string>[] calls = [.. Enumerable.Range(0, 20).Select(_ => stopped.Plugin.EchoAsync(large, CancellationToken.None))];

        Assert.Equal(large, await neighbour.Plugin.EchoAsync(large, CancellationToken.None));
        foreach (Task<string> call in calls)
        {
            await Assert.ThrowsAsync<PluginTimeoutException>(() => call);
        }

        await stopped.Instance.DisposeAsync().AsTask().WaitAsync(Shell.Long);
        Assert.False(Eventually.IsRunning(stopped.Pid));
    }

    private static string Text(int caller) => new((char)('a' + caller), 10 + (caller * 900));
}

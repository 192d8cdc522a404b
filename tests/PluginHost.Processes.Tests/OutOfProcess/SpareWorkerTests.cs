using Fixtures;
using Fixtures.Processes.Contract;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests.OutOfProcess;

/// <summary>Workers that stand ready without a plugin: real processes.</summary>
public sealed class SpareWorkerTests : IAsyncLifetime
{
    private static readonly SpareOptions s_one = new() { PerClass = 1, RefillDelay = TimeSpan.Zero };
    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack);
    private readonly RecordingLogger _engine = new();
    private readonly List<IPluginInstance> _started = [];
    private ProcessTier _tier = null!;

    public ValueTask InitializeAsync()
    {
        _tier = NewTier(s_one);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAllAsync();
        await _workers.DisposeAsync();
    }

    [Fact]
    public async Task The_second_start_takes_the_worker_that_stands_ready_and_another_follows()
    {
        FixtureWorker cold = await StartAsync();
        int spare = await SpareAsync();

        FixtureWorker warm = await StartAsync(generation: 2);

        Assert.NotEqual(cold.Pid, spare);
        Assert.Equal(spare, warm.Pid);
        Assert.Equal(spare, warm.Plugin.ProcessId());
        Assert.Equal($"fixture 2 {_workers.Data} abc", await warm.Plugin.DescribeAsync());
        int next = await SpareAsync(cold.Pid, warm.Pid);
        Assert.NotEqual(spare, next);
        Assert.Equal(new SpareCounts(Ready: 1, Starting: 0, Taken: 1, Missed: 1, Lost: 0), _tier.Spares);
    }

    [Fact]
    public async Task A_plugin_cannot_tell_from_its_process_that_it_began_as_a_spare()
    {
        FixtureWorker cold = await StartAsync();
        await SpareAsync();

        FixtureWorker warm = await StartAsync(generation: 2);

        Assert.Equal(_workers.Data, WorkingFolder(cold.Pid));
        Assert.Equal(_workers.Data, WorkingFolder(warm.Pid));
        Assert.Equal(Variables(cold.Pid), Variables(warm.Pid));
    }

    [Fact]
    public async Task What_a_taken_spare_prints_and_how_it_dies_is_its_plugins()
    {
        await StartAsync();
        await SpareAsync();
        FixtureWorker warm = await StartAsync(generation: 2);

        warm.Plugin.Print("printed by the plugin\n");
        await _workers.Logger.WaitForAsync(e => e.Message.Contains("printed by the plugin"));
        KillNow(warm.Pid);

        var died = await warm.Instance.Died.WaitAsync(Shell.Long);
        Assert.Equal(("fixture", 2, warm.Pid, "SIGKILL"), (died.PluginId, died.Generation, died.WorkerPid, died.Signal));
    }

    [Fact]
    public async Task A_plugin_of_another_class_starts_cold()
    {
        await StartAsync();
        int spare = await SpareAsync();

        FixtureWorker other = await StartAsync(limits: new PluginLimits { Message = 1024 * 1024 });

        Assert.NotEqual(spare, other.Pid);
        Assert.Equal(0, _tier.Spares.Taken);
        Assert.Equal(2, _tier.Spares.Missed);
        Eventually.True(() => _tier.Spares.Ready == 2, "Each class has its spare.");
        Assert.Equal(4, Workers().Length);
    }

    [Fact]
    public async Task No_more_spares_stand_ready_than_the_host_may_have_of_all_classes()
    {
        await UseAsync(s_one with { Most = 1 });
        await StartAsync();
        await SpareAsync();

        await StartAsync(limits: new PluginLimits { Message = 1024 * 1024 });
        await StartAsync(limits: new PluginLimits { Message = 2 * 1024 * 1024 });

        Assert.Equal(1, _tier.Spares.Ready + _tier.Spares.Starting);
    }

    [Fact]
    public async Task Without_spares_nothing_but_the_plugins_own_workers_is_started()
    {
        await UseAsync(SpareOptions.None);

        FixtureWorker first = await StartAsync();
        FixtureWorker second = await StartAsync(generation: 2);

        Assert.Equal([first.Pid, second.Pid], Workers().Order());
        Assert.Equal(new SpareCounts(0, 0, 0, Missed: 2, 0), _tier.Spares);
    }

    [Fact]
    public async Task A_spare_that_is_killed_at_the_moment_it_is_needed_costs_no_start_of_the_plugin()
    {
        await StartAsync();
        int spare = await SpareAsync();

        KillNow(spare);
        FixtureWorker next = await StartAsync(generation: 2);

        Assert.NotEqual(spare, next.Pid);
        Assert.Equal(5, next.Plugin.Add(2, 3));
        Assert.True(await ProcessLife.DiesAsync(spare, Shell.Long));
    }

    [Fact]
    public async Task A_spare_that_dies_while_nobody_needs_it_is_counted_and_replaced()
    {
        FixtureWorker worker = await StartAsync();
        int spare = await SpareAsync();

        KillNow(spare);

        Eventually.True(() => _tier.Spares.Lost == 1, "The loss is counted.");
        int next = await SpareAsync(worker.Pid, spare);
        Assert.NotEqual(spare, next);
    }

    [Fact]
    public async Task Used_and_unused_spares_leave_no_process_and_no_descriptor()
    {
        await StartAsync();
        await SpareAsync();
        await EndAllAsync();
        HashSet<string> before = OpenDescriptors.Now();
        int[] children = Workers();

        await UseAsync(s_one);
        await StartAsync();
        await SpareAsync();
        await StartAsync(generation: 2);
        await EndAllAsync();

        Eventually.True(() => OpenDescriptors.Now().IsSubsetOf(before), "No pipe, socket or process descriptor is left.");
        Assert.Equal(children, Workers());
    }

    [Fact]
    public async Task Spares_on_their_way_when_the_host_ends_are_ended_too()
    {
        FixtureWorker worker = await StartAsync();
        Eventually.True(() => Workers().Length == 2, "A spare was spawned.");

        await EndAllAsync();

        Assert.False(ProcessLife.IsAlive(worker.Pid));
        Assert.Empty(Workers());
    }

    private ProcessTier NewTier(SpareOptions spares) => new(_workers.Options with { Spares = spares }, TimeProvider.System, _engine);

    private async Task UseAsync(SpareOptions spares)
    {
        await _tier.DisposeAsync();
        _tier = NewTier(spares);
    }

    private async Task EndAllAsync()
    {
        foreach (IPluginInstance instance in _started)
        {
            await instance.DisposeAsync();
        }

        _started.Clear();
        await _tier.DisposeAsync();
    }

    private async Task<FixtureWorker> StartAsync(PluginLimits? limits = null, int generation = 1)
    {
        IPluginInstance instance = await _tier.StartAsync(
            FixtureRequest.Create(FixtureWorkers.Folder, _workers.Data, _workers.Observer, _workers.Logger, """{"word":"abc"}""", limits, generation: generation),
            CancellationToken.None);
        _started.Add(instance);
        return new FixtureWorker((WorkerInstance)instance);
    }

    /// <summary>The process that stands ready.</summary>
    private Task<int> SpareAsync(params int[] others)
    {
        Eventually.True(() => _tier.Spares is { Ready: 1, Starting: 0 }, "A spare stands ready.");
        int[] known = [.. others, .. _started.Select(i => i.WorkerPid!.Value)];
        return Task.FromResult(Assert.Single(Workers(), pid => !known.Contains(pid)));
    }

    /// <summary>The processes of this one, but for the reaper.</summary>
    private static int[] Workers() => [.. ProcessLife.ChildrenOf(Environment.ProcessId).Where(p => !VictimHost.IsReaper(p))];

    private static void KillNow(int pid)
    {
        using var process = System.Diagnostics.Process.GetProcessById(pid);
        process.Kill();
    }

    private static string? WorkingFolder(int pid) => new FileInfo($"/proc/{pid}/cwd").LinkTarget;

    // The mark numbers the processes of a host: it differs between any two.
    private static string[] Variables(int pid) =>
        [.. File.ReadAllText($"/proc/{pid}/environ").Split('\0').Where(v => !v.StartsWith(WorkerEnvironment.Owner + "=", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}

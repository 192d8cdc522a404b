using Fixtures.Processes.Contract;
using PluginHost.Processes.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests;

/// <summary>A host that is killed leaves nothing, whatever it and its workers were about; the next one cleans up and tells.</summary>
public sealed class HostDeathTests : IDisposable
{
    private static readonly TimeSpan s_allowed = TimeSpan.FromSeconds(2);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("idle", "{}", 0)]
    [InlineData("idle", """{"programs":"start"}""", 3)]
    [InlineData("busy", """{"programs":"start"}""", 3)]
    [InlineData("native", """{"programs":"start"}""", 3)]
    [InlineData("starting", """{"programs":"start","start":"never"}""", 3)]
    [InlineData("starting", """{"programs":"start","start":"spin"}""", 3)]
    [InlineData("starting", """{"programs":"start","start":"native"}""", 3)]
    [InlineData("restarting", """{"programs":"start","start":"once"}""", 6)]
    [InlineData("restarting", """{"programs":"start","start":"once","again":"spin"}""", 6)]
    [InlineData("restarting", """{"programs":"start","start":"once","again":"native"}""", 6)]
    [InlineData("stopping", """{"programs":"start","stop":"never"}""", 3)]
    [InlineData("stopping", """{"programs":"start","stop":"spin"}""", 3)]
    [InlineData("stopping", """{"programs":"start","stop":"native"}""", 3)]
    public async Task A_host_killed_in_any_state_leaves_nothing_and_the_next_start_cleans_up(string mode, string settings, int programs)
    {
        string plugins = VictimHost.Layout(_folder, settings);
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], mode);
        host.Reach(mode, programs);
        if (settings.Contains("spin", StringComparison.Ordinal) || settings.Contains("native", StringComparison.Ordinal))
        {
            host.Occupied();
        }

        int worker = host.Running.Single(w => w.PluginId == "fixture").Pid;
        int[] all = [.. host.Workers, .. host.Programs, .. ProcessLife.ChildrenOf(host.Pid)];

        host.Kill();

        await AssertAllDieAsync(all);
        ListLogger log = await NextStartAsync(plugins, host.State);
        string told = Assert.Single(log.Messages(), m => m.Contains($"process {host.Pid}, ended without stopping while it ran ", StringComparison.Ordinal));
        Assert.Contains($"fixture (worker {worker})", told, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Messages(), m => m.Contains("had outlived its host", StringComparison.Ordinal));
        AssertFolderIsClean(host.State);
    }

    [Fact]
    public async Task A_spare_that_has_no_plugin_yet_ends_too_and_is_named_as_one()
    {
        string plugins = VictimHost.Layout(_folder, "{}");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "spare");
        host.Reach("spare", 0);
        int[] all = [.. host.Workers, .. ProcessLife.ChildrenOf(host.Pid)];
        string names = string.Join(", ", host.Running.Select(w => w.PluginId == "fixture" ? $"fixture (worker {w.Pid})" : $"no plugin yet (spare worker {w.Pid})"));

        host.Kill();

        await AssertAllDieAsync(all);
        ListLogger log = await NextStartAsync(plugins, host.State);
        Assert.Contains("no plugin yet (spare worker ", names, StringComparison.Ordinal);
        Assert.Contains(log.Messages(), m => m.Contains($"ended without stopping while it ran {names}", StringComparison.Ordinal));
        AssertFolderIsClean(host.State);
    }

    [Fact]
    public async Task A_spare_that_became_a_plugins_worker_is_named_by_the_plugin()
    {
        string plugins = VictimHost.Layout(_folder, "{}");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "became");
        host.Reach("became", 0);
        NotedWorker worker = host.Running.Single(w => w.PluginId == "fixture");
        string lines = File.ReadAllText(Path.Combine(host.State, "running"));
        int[] all = [.. host.Workers, .. ProcessLife.ChildrenOf(host.Pid)];

        host.Kill();

        await AssertAllDieAsync(all);
        ListLogger log = await NextStartAsync(plugins, host.State);
        Assert.Contains($"+ {worker.Number} {worker.Pid} {NotedWorker.NoPlugin}\n", lines, StringComparison.Ordinal);
        Assert.Contains(log.Messages(), m => m.Contains($"fixture (worker {worker.Pid})", StringComparison.Ordinal));
        AssertFolderIsClean(host.State);
    }

    [Fact]
    public async Task A_host_that_stops_ends_its_reaper_too_where_spares_stood_ready()
    {
        string plugins = VictimHost.Layout(_folder, "{}");
        int[] children;
        await using (PluginRuntime runtime = await StartAsync(plugins, _folder["state"], new ListLogger(), start: true))
        {
            Eventually.True(() => runtime.Spares.Ready == 1, "A spare stands ready.");
            children = [.. ProcessLife.ChildrenOf(Environment.ProcessId)];
        }

        Assert.Contains(children, p => !ProcessLife.IsAlive(p));
        Assert.DoesNotContain(children, ProcessLife.IsAlive);
    }

    [Fact]
    public async Task What_a_host_had_half_written_when_it_was_killed_is_cleaned_by_the_next()
    {
        string plugins = VictimHost.Layout(_folder, "{}");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "idle");
        host.Reach("idle", 0);
        host.Kill();
        _folder.Write("state/store/staging/half/a.dll", "half a copy");
        _folder.Write("state/running.new", "half a list");
        _folder.Write("state/window.json.new", "half a window");
        _folder.Write("state/calls/fixture/1-1/data/secret", "what a call left in the folder of its own");

        await NextStartAsync(plugins, host.State);

        AssertFolderIsClean(host.State);
    }

    [Fact]
    public async Task A_program_that_neither_reads_nor_asks_the_kernel_ends_with_its_host()
    {
        string plugins = VictimHost.Layout(_folder, "{}", ["/bin/sh", "-c", "trap '' TERM; setsid sleep 600 & while :; do sleep 600; done"]);
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "starting");
        Eventually.True(() => host.Workers.Length == 1 && ProcessLife.ChildrenOf(host.Workers[0]).Count == 2, "The program did not start.");
        int[] all = [.. host.Workers, .. ProcessLife.ChildrenOf(host.Workers[0])];

        host.Kill();

        await AssertAllDieAsync(all);
    }

    [Fact]
    public async Task What_outlives_a_host_and_its_reaper_is_ended_and_named_by_the_next_start_and_nothing_else_is()
    {
        string plugins = VictimHost.Layout(_folder, """{"programs":"start"}""");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "idle");
        using VictimHost neighbour = VictimHost.Start(plugins, _folder["other"], "idle");
        host.Reach("idle", 3);
        neighbour.Reach("idle", 3);
        int reaper = host.Reaper;
        int[] programs = host.Programs[..2];
        int bare = host.Programs[2];

        // A host that is stopped starts no other reaper; a reaper that is stopped is continued by the kernel when its host has gone.
        _ = Libc.kill(host.Pid, Signals.Stop);
        _ = Libc.kill(reaper, Signals.Kill);
        Assert.True(await ProcessLife.DiesAsync(reaper, s_allowed));
        host.Kill();
        Assert.All(programs, p => Assert.True(ProcessLife.IsAlive(p)));

        ListLogger log = await NextStartAsync(plugins, host.State);

        Assert.All(await Task.WhenAll(programs.Select(p => ProcessLife.DiesAsync(p, s_allowed))), Assert.True);
        Assert.All(programs, p => Assert.Contains(log.Messages(), m => m.StartsWith($"Process {p} (sleep) of fixture had outlived its host {host.Pid}", StringComparison.Ordinal)));
        Assert.All([.. neighbour.Workers, .. neighbour.Programs, neighbour.Reaper], p => Assert.True(ProcessLife.IsAlive(p)));

        // The start knows it by nothing: its mark is cleared, and a group's number may be another's by now.
        _ = Libc.kill(bare, Signals.Kill);
    }

    [Fact]
    public async Task A_host_killed_beside_another_on_the_same_plugins_leaves_that_ones_workers_alone()
    {
        string plugins = VictimHost.Layout(_folder, """{"programs":"start"}""");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "idle");
        using VictimHost neighbour = VictimHost.Start(plugins, _folder["other"], "idle");
        host.Reach("idle", 3);
        neighbour.Reach("idle", 3);
        int reaper = host.Reaper;

        host.Kill();

        // Once its reaper has gone it has done all that it does.
        Assert.True(await ProcessLife.DiesAsync(reaper, s_allowed));
        Assert.All([.. neighbour.Workers, .. neighbour.Programs, neighbour.Reaper], p => Assert.True(ProcessLife.IsAlive(p)));
    }

    [Fact]
    public async Task The_owner_of_a_folder_that_still_lives_is_not_swept()
    {
        string plugins = VictimHost.Layout(_folder, """{"programs":"start"}""");
        using VictimHost host = VictimHost.Start(plugins, _folder["state"], "idle");
        host.Reach("idle", 3);
        File.Copy(Path.Combine(host.State, "running"), Path.Combine(_folder.Folder("copy"), "running"));

        ListLogger log = await NextStartAsync(plugins, _folder["copy"]);

        Assert.DoesNotContain(log.Messages(), m => m.Contains("ended without stopping", StringComparison.Ordinal));
        Assert.All([.. host.Workers, .. host.Programs], p => Assert.True(ProcessLife.IsAlive(p)));
    }

    private static async Task AssertAllDieAsync(int[] processes) => Assert.All(await Task.WhenAll(processes.Select(p => ProcessLife.DiesAsync(p, s_allowed))), Assert.True);

    /// <summary>Nothing but what a host keeps from start to start.</summary>
    private static void AssertFolderIsClean(string state)
    {
        string[] kept = ["data", "faults.jsonl", "lock", "reached", "store", "window.json"];
        string own = $"flight-{Environment.ProcessId}-";
        string?[] left = [.. Directory.EnumerateFileSystemEntries(state).Select(Path.GetFileName).Except(kept).Where(f => !f!.StartsWith(own, StringComparison.Ordinal))];
        Assert.Empty(left);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(state, "store", "staging")));
    }

    private static async Task<ListLogger> NextStartAsync(string plugins, string state)
    {
        ListLogger log = new();
        await using PluginRuntime runtime = await StartAsync(plugins, state, log, start: false);
        return log;
    }

    private static Task<PluginRuntime> StartAsync(string plugins, string state, ListLogger log, bool start) => PluginRuntime.StartAsync(new PluginRuntimeOptions
    {
        Directory = plugins,
        StateFolder = state,
        ContractAssemblies = [typeof(IFixture).Assembly],
        StartPlugins = start,
        Policy = start ? new PluginPolicy { Development = plugins } : null,
        LoggerFactory = log,
    });
}

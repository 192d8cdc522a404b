using System.Globalization;
using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>What <c>list</c>, <c>stats</c>, <c>inspect</c> and <c>reset</c> say of a host that runs: one with a pool of two workers, and one with a plugin in quarantine.</summary>
public sealed class RunningHostCommandTests : IDisposable
{
    private const string Notes = "samples.notes";
    private const string Faulty = "samples.faulty";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_workers_of_a_pool_are_in_list_stats_and_inspect_beside_the_running_host()
    {
        string[] common = Lay(Notes, """{ "workers": 2 }""");
        await using RunningHost host = await RunningHost.StartAsync(common);

        ToolResult list = await Tool.RunAsync(["list", "--json", .. common]);
        ToolResult people = await Tool.RunAsync(["list", .. common]);
        ToolResult stats = await Tool.RunAsync(["stats", "--json", .. common]);
        ToolResult inspect = await Tool.RunAsync(["inspect", Notes, "--json", .. common]);

        JsonElement[] workers = [.. Plugin(list).GetProperty("workers").EnumerateArray()];
        int[] pids = [.. workers.Select(w => w.GetProperty("pid").GetInt32())];
        Assert.Equal([(1, "ready"), (2, "ready")], workers.Select(w => (w.GetProperty("number").GetInt32(), w.GetProperty("state").GetString())));
        Assert.Subset(ProcessLife.ChildrenOf(host.Pid).ToHashSet(), pids.ToHashSet());
        Assert.All(pids, pid => Assert.Contains(pid.ToString(CultureInfo.InvariantCulture), people.Output, StringComparison.Ordinal));
        Assert.Equal(pids, Pids(stats.Json.GetProperty("workers").EnumerateArray().Single(p => p.GetProperty("plugin").GetString() == Notes)));
        Assert.Equal(pids, Pids(inspect.Json.GetProperty("plugin")));
        Assert.Equal(("ready", 1), (inspect.Json.GetProperty("plugin").GetProperty("state").GetString(), inspect.Json.GetProperty("plugin").GetProperty("generation").GetInt32()));
        Assert.Equal(host.Pid, inspect.Json.GetProperty("source").GetProperty("pid").GetInt32());
    }

    [Fact]
    public async Task An_inspection_beside_a_running_host_has_its_policy_and_its_folders_and_leaves_them_alone()
    {
        string[] common = Lay(Notes, "{}");
        File.Move(_folder["policy.json"], _folder["state", "pluginhost.json"]);
        string[] plain = [.. common.Except(["--policy", _folder["policy.json"]])];
        await using RunningHost host = await RunningHost.StartAsync(plain);

        ToolResult inspect = await Tool.RunAsync(["inspect", Notes, "--json", .. plain]);

        string store = inspect.Json.GetProperty("storeFolder").GetString()!;
        Assert.Equal("standard", inspect.Json.GetProperty("plugin").GetProperty("grantedTrust").GetString());
        Assert.StartsWith(_folder["state"] + "/", store, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(store, "plugin.json")));
        Assert.All(inspect.Json.GetProperty("assemblies").EnumerateArray(), a => Assert.True(File.Exists(a.GetProperty("from").GetString())));
        Assert.Empty(Directory.GetDirectories(_folder.Path, "state-*"));
    }

    [Fact]
    public async Task A_quarantined_plugin_is_listed_with_its_reason_and_its_fault_until_a_reset()
    {
        string[] common = [.. Lay(Faulty, """{ "restart": { "limit": 0 } }"""), "--call", $"{Faulty} Faulty.Exit [3]"];
        string[] asked = common[..^2];
        await using RunningHost host = await RunningHost.StartAsync(common);

        ToolResult people = await Tool.RunAsync(["list", .. asked]);
        ToolResult list = await Tool.RunAsync(["list", "--json", .. asked]);
        ToolResult faults = await Tool.RunAsync(["faults", "--json", .. asked]);
        ToolResult table = await Tool.RunAsync(["faults", .. asked]);
        ToolResult reset = await Tool.RunAsync(["reset", Faulty, .. asked]);
        ToolResult after = await Tool.RunAsync(["list", "--json", .. asked]);

        JsonElement fault = Assert.Single(faults.Json.GetProperty("faults").EnumerateArray());
        string id = fault.GetProperty("id").GetString()!;
        Assert.Equal(("quarantined", id), (Plugin(list).GetProperty("state").GetString(), Plugin(list).GetProperty("faultId").GetString()));
        Assert.Contains($"{Faulty}: ", people.Output, StringComparison.Ordinal);
        Assert.Contains($"(fault {id})", people.Output, StringComparison.Ordinal);
        Assert.Contains(fault.GetProperty("at").GetDateTimeOffset().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), table.Output, StringComparison.Ordinal);
        Assert.Contains($"{Faulty}: its failures are forgotten.", reset.Output, StringComparison.Ordinal);
        Assert.Equal(("ready", JsonValueKind.Null), (Plugin(after).GetProperty("state").GetString(), Plugin(after).GetProperty("faultId").ValueKind));
    }

    [Fact]
    public async Task A_command_that_only_looks_keeps_the_figures_of_the_last_host()
    {
        string[] common = Lay(Notes, "{}");
        await using (RunningHost host = await RunningHost.StartAsync([.. common, "--call", $"{Notes} Notes.Put [\"key\",\"text\"]"]))
        {
            Assert.Equal(0, await host.StopAsync());
        }

        await Tool.RunAsync(["list", .. common]);
        await Tool.RunAsync(["inspect", Notes, .. common]);
        await Tool.RunAsync(["reset", Notes, .. common]);
        ToolResult stats = await Tool.RunAsync(["stats", "--json", .. common]);

        Assert.Equal(1, stats.Json.GetProperty("plugins").EnumerateArray().Single(p => p.GetProperty("id").GetString() == Notes).GetProperty("calls").GetInt64());
    }

    [Fact]
    public async Task A_reset_of_a_state_folder_that_is_not_there_makes_none()
    {
        ToolResult reset = await Tool.RunAsync([.. (string[])["reset", Notes, "--json", "--attach", _folder["typo"]], .. Lay(Notes, "{}")]);

        Assert.Equal((2, "usage"), (reset.ExitCode, reset.Json.GetProperty("error").GetProperty("kind").GetString()));
        Assert.False(Directory.Exists(_folder["typo"]));
    }

    private static JsonElement Plugin(ToolResult list) => Assert.Single(list.Json.GetProperty("plugins").EnumerateArray());

    private static int[] Pids(JsonElement holder) => [.. holder.GetProperty("workers").EnumerateArray().Select(w => w.GetProperty("pid").GetInt32())];

    /// <summary>Lays out one sample with the operator's settings for it; gives the options that every command takes.</summary>
    private string[] Lay(string plugin, string overrides)
    {
        _folder.CopyOf(Path.Combine(Tool.Plugins, plugin), $"plugins/{plugin}");
        Directory.CreateDirectory(_folder["state"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string policy = _folder.Write("policy.json", $$"""{ "development": {{JsonSerializer.Serialize(_folder["plugins"])}}, "plugins": { "{{plugin}}": {{overrides}} } }""");
        return ["--plugins", _folder["plugins"], "--policy", policy, "--state", _folder["state"]];
    }
}

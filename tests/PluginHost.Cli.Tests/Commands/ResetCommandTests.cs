using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>A plugin that its host has moved out of process: who shows it, and who brings it back.</summary>
public sealed class ResetCommandTests : IDisposable
{
    private const string Because = "Demoted from inProcess to process because host 1 died in Calculator.Add.";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_list_tells_why_a_plugin_was_demoted_and_a_reset_without_a_host_takes_it_back()
    {
        string[] common = Lay();

        ToolResult before = await Tool.RunAsync(["list", .. common]);
        ToolResult reset = await Tool.RunAsync(["reset", "samples.calculator", "--json", .. common]);
        ToolResult after = await Tool.RunAsync(["list", "--json", .. common]);

        Assert.Contains($"samples.calculator: {Because}", before.Output, StringComparison.Ordinal);
        Assert.Equal(0, reset.ExitCode);
        Assert.StartsWith(Because, reset.Json.GetProperty("lifted").GetString(), StringComparison.Ordinal);
        Assert.Equal(("inProcess", "stopped"), (reset.Json.GetProperty("plugin").GetProperty("tier").GetString(), reset.Json.GetProperty("plugin").GetProperty("state").GetString()));
        JsonElement listed = after.Json.GetProperty("plugins").EnumerateArray().Single(p => p.GetProperty("id").GetString() == "samples.calculator");
        Assert.Equal(("inProcess", JsonValueKind.Null), (listed.GetProperty("tier").GetString(), listed.GetProperty("demotion").ValueKind));
    }

    [Fact]
    public async Task A_reset_of_a_running_hosts_plugin_starts_it_where_it_belongs()
    {
        string[] common = Lay();
        await using RunningHost host = await RunningHost.StartAsync(common);

        ToolResult reset = await Tool.RunAsync(["reset", "samples.calculator", "--json", "--attach", _folder["state"], .. common]);
        ToolResult unknown = await Tool.RunAsync(["reset", "no.such", "--json", "--attach", _folder["state"], .. common]);

        Assert.StartsWith(Because, reset.Json.GetProperty("lifted").GetString(), StringComparison.Ordinal);
        Assert.Equal(host.Pid, reset.Json.GetProperty("source").GetProperty("pid").GetInt32());
        Assert.Equal(("inProcess", "ready"), (reset.Json.GetProperty("plugin").GetProperty("tier").GetString(), reset.Json.GetProperty("plugin").GetProperty("state").GetString()));
        Assert.Equal(2, unknown.ExitCode);
    }

    private string[] Lay()
    {
        _folder.Folder("state");
        _folder.Write(
            "state/demotions.json",
            """{ "plugins": { "samples.calculator": { "demotion": { "tier": "process", "at": "2026-01-01T00:00:00+00:00", "because": "host 1 died in Calculator.Add" }, "incidents": [] } } }""");
        string policy = _folder.Write(
            "policy.json",
            $$"""{ "development": {{JsonSerializer.Serialize(Tool.Plugins)}}, "plugins": { "samples.calculator": { "demotion": true } } }""");
        return ["--policy", policy, "--state", _folder["state"]];
    }
}

using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>What a folder holds and why each plugin goes where it goes.</summary>
public sealed class ListAndInspectCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task A_list_shows_every_plugin_without_starting_it()
    {
        ToolResult result = await Tool.RunAsync("list", "--json", "--state", _folder["state"]);

        Dictionary<string, (string?, string?)> tiers = result.Json.GetProperty("plugins").EnumerateArray().ToDictionary(
            p => p.GetProperty("id").GetString()!, p => (p.GetProperty("tier").GetString(), p.GetProperty("state").GetString()));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(("inProcess", "stopped"), tiers["samples.markdown"]);
        Assert.Equal(("process", "stopped"), tiers["samples.faulty"]);
        Assert.Equal(JsonValueKind.Null, result.Json.GetProperty("source").ValueKind);
    }

    [Fact]
    public async Task A_plugin_whose_program_is_missing_is_listed_as_unavailable_with_the_reason()
    {
        _folder.Write(
            "plugins/my.plugin/plugin.json",
            """{ "id": "my.plugin", "version": "1.0.0", "command": ["no-such-program"], "contracts": ["Samples.Contracts.IWordCount@1"], "trust": "standard" }""");
        string policy = _folder.Write("policy.json", $$"""{ "development": {{JsonSerializer.Serialize(_folder["plugins"])}} }""");

        string[] arguments = ["list", "--plugins", _folder["plugins"], "--policy", policy, "--state", _folder["state"]];
        ToolResult people = await Tool.RunAsync(arguments);
        ToolResult json = await Tool.RunAsync([.. arguments, "--json"]);

        Assert.Contains("my.plugin is unavailable: its program 'no-such-program' is in no folder of the host's PATH", people.Output, StringComparison.Ordinal);
        Assert.StartsWith("my.plugin is unavailable: ", json.Json.GetProperty("plugins")[0].GetProperty("unavailable").GetString(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (people.ExitCode, json.ExitCode));
    }

    [Fact]
    public async Task An_inspection_gives_reasons_hash_and_where_each_assembly_comes_from_and_proves_the_unload()
    {
        ToolResult result = await Tool.RunAsync("inspect", "samples.markdown", "--unload", "--json", "--state", _folder["state"]);

        JsonElement[] assemblies = [.. result.Json.GetProperty("assemblies").EnumerateArray()];
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.NotEmpty(result.Json.GetProperty("placement").GetProperty("reasons").EnumerateArray());
        Assert.Equal(result.Json.GetProperty("contentHash").GetString(), result.Json.GetProperty("rule").GetProperty("sha256").GetString());
        Assert.Contains(assemblies, a => a.GetProperty("name").GetString() == "Samples.Markdown" && !a.GetProperty("shared").GetBoolean());
        Assert.Contains(assemblies, a => a.GetProperty("name").GetString() == "System.Runtime" && a.GetProperty("origin").GetString() == "framework" && a.GetProperty("state").GetString() == "loaded");
        Assert.All(assemblies, a => Assert.NotEqual("", a.GetProperty("because").GetString()));
        Assert.Empty(result.Json.GetProperty("assemblyProblems").EnumerateArray());
        Assert.Equal("unloaded", result.Json.GetProperty("unload").GetProperty("result").GetString());
    }

    [Fact]
    public async Task An_edit_of_the_policy_alone_moves_a_plugin_to_the_other_tier()
    {
        string policy = _folder.Write("policy.json", $$"""{ "development": {{JsonSerializer.Serialize(Tool.Plugins)}} }""");
        ToolResult before = await RenderAsync(policy);
        _folder.Write(
            "policy.json",
            $$"""{ "development": {{JsonSerializer.Serialize(Tool.Plugins)}}, "plugins": { "samples.markdown": { "maxTrust": "standard" } } }""");
        ToolResult after = await RenderAsync(policy);

        Assert.Equal(("inProcess", "process"), (before.Json.GetProperty("tier").GetString(), after.Json.GetProperty("tier").GetString()));
        Assert.Equal("<h1>hello</h1>", before.Json.GetProperty("result").GetString()!.Trim().Replace(" id=\"hello\"", "", StringComparison.Ordinal));
        Assert.Equal(before.Json.GetProperty("result").GetString(), after.Json.GetProperty("result").GetString());
    }

    public void Dispose() => _folder.Dispose();

    private Task<ToolResult> RenderAsync(string policy) => Tool.RunAsync(
        "call", "samples.markdown", "Markdown.Render", """["# hello"]""", "--policy", policy, "--state", _folder["state"], "--json");
}

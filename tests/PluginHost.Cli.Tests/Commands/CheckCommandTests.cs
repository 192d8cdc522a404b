using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.FixturePlugins;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>A plugin's folder, checked whole: what is wrong, what its code uses, which trust it can have, and whether it lets go.</summary>
public sealed class CheckCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task A_sample_passes_in_full_and_is_proved_to_unload()
    {
        ToolResult result = await Tool.RunAsync("check", Path.Combine(Tool.Plugins, "samples.markdown"), "--json");

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Equal(
            ["folder", "passed", "plugin", "contentHash", "placement", "problems", "findings", "libraries", "assemblies", "assemblyProblems", "sensible", "probe"],
            result.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal("full", result.Json.GetProperty("placement").GetProperty("grantedTrust").GetString());
        Assert.Equal(("full", "inProcess"), Sensible(result));
        JsonElement probe = result.Json.GetProperty("probe");
        Assert.True(probe.GetProperty("ran").GetBoolean());
        Assert.Equal("unloaded", probe.GetProperty("unload").GetProperty("result").GetString());
        JsonElement markdig = result.Json.GetProperty("assemblies").EnumerateArray().Single(a => a.GetProperty("name").GetString() == "Markdig");
        Assert.Equal(
            ["name", "version", "from", "shared", "because", "origin", "state"], markdig.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task A_plugin_that_nobody_trusts_is_checked_without_running_it_and_its_leaks_are_told()
    {
        ToolResult result = await CheckAsync("Fixtures.Careless", "--json");

        Assert.Equal(1, result.ExitCode);
        JsonElement probe = result.Json.GetProperty("probe");
        Assert.False(probe.GetProperty("ran").GetBoolean());
        Assert.Contains("--probe runs it all the same", probe.GetProperty("because").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["exit", "framework-event", "timer"],
            result.Json.GetProperty("findings").EnumerateArray().Where(f => f.GetProperty("severity").GetString() == "error").Select(f => f.GetProperty("rule").GetString()).Order());
        JsonElement finding = result.Json.GetProperty("findings").EnumerateArray().Single(f => f.GetProperty("rule").GetString() == "framework-event");
        Assert.Equal(
            ["rule", "severity", "hostileTo", "assembly", "method", "at", "api", "count", "what", "instead"], finding.EnumerateObject().Select(p => p.Name));
        Assert.Equal("Fixtures.Careless.CarelessCalculator (constructor)", finding.GetProperty("method").GetString());
        Assert.StartsWith("CarelessCalculator.cs:", finding.GetProperty("at").GetString(), StringComparison.Ordinal);
        Assert.Equal(("standard", "process"), Sensible(result));
        Assert.All(Problems(result), p => Assert.Equal("code", p.Check));
    }

    [Fact]
    public async Task The_probe_shows_a_leak_where_a_person_asks_for_it()
    {
        ToolResult result = await CheckAsync("Fixtures.Careless", "--probe", "--json");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("leaked", result.Json.GetProperty("probe").GetProperty("unload").GetProperty("result").GetString());
        Assert.Contains(Problems(result), p => p.Check == "unload");
        Assert.Contains("stays in memory", string.Join('\n', result.Json.GetProperty("sensible").GetProperty("because").EnumerateArray().Select(b => b.GetString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_that_ends_the_process_does_not_pass_by_that()
    {
        string folder = FixtureFolder.CopyOf("Fixtures.Careless", _folder["plugins/ends"]);
        string manifest = Path.Combine(folder, "plugin.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"trust\"", "\"settings\": { \"exit\": true }, \"trust\"", StringComparison.Ordinal));

        ToolResult result = await Tool.RunAsync("check", folder, "--probe", "--json");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(Problems(result), p => p.Check == "start" && p.Message.Contains("ended with exit code 0 before it was done", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_told_at_once()
    {
        string folder = FixtureFolder.CopyOf("Fixtures.Careless", _folder["plugins/broken"]);
        _folder.Write(
            "plugins/broken/plugin.json",
            """
            {
              "id": "broken!", "version": "one",
              "entry": "Fixtures.Careless.dll", "contracts": ["Samples.Contracts.ICalculator@1"], "trust": "full", "colour": "red"
            }
            """);
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "/etc/hostname");

        ToolResult result = await Tool.RunAsync("check", folder, "--json");

        Assert.Equal(1, result.ExitCode);
        (string Check, string? Path)[] problems = [.. Problems(result).Select(p => (p.Check, p.Path))];
        Assert.Contains(("manifest", "id"), problems);
        Assert.Contains(("manifest", "version"), problems);
        Assert.Contains(("manifest", "colour"), problems);
        Assert.Contains(("contents", null), problems);
        Assert.Contains(("code", null), problems);
        Assert.Equal(JsonValueKind.Null, result.Json.GetProperty("plugin").ValueKind);
    }

    [Fact]
    public async Task What_keeps_it_from_loading_is_told_with_contracts_that_the_host_lacks()
    {
        ToolResult result = await CheckAsync("Fixtures.Broken.MissingDependency", "--json");
        ToolResult without = await Tool.RunAsync("check", FixtureFolder.Of("Fixtures.Plain"), "--json");

        Assert.Contains(Problems(result), p => p.Check == "load" && p.Message.Contains("needs Fixtures.Library.dll", StringComparison.Ordinal));
        Assert.Contains(Problems(without), p => p.Check == "contracts" && p.Message.Contains("The host has no contract 'Fixtures.Contracts.IEcho'", StringComparison.Ordinal));
        Assert.Equal((1, 1), (result.ExitCode, without.ExitCode));
    }

    [Fact]
    public async Task What_would_harm_the_application_is_no_problem_where_the_manifest_asks_for_a_process_only()
    {
        ToolResult result = await Tool.RunAsync("check", Path.Combine(Tool.Plugins, "samples.faulty"), "--json");

        Assert.Contains(result.Json.GetProperty("findings").EnumerateArray(), f => f.GetProperty("rule").GetString() == "exit" && f.GetProperty("severity").GetString() == "error");
        Assert.NotEmpty(Problems(result));
        Assert.All(Problems(result), p => Assert.StartsWith("native-process: ", p.Message, StringComparison.Ordinal));
        Assert.Equal(("untrusted", "sandbox"), Sensible(result));
        Assert.False(result.Json.GetProperty("probe").GetProperty("ran").GetBoolean());
    }

    [Fact]
    public async Task A_plugin_that_is_a_program_has_no_code_to_look_at()
    {
        string folder = _folder["plugins/my.program"];
        _folder.Write("plugins/my.program/plugin.json", """{ "id": "my.program", "version": "1.0.0", "command": ["node", "./main.js"], "contracts": ["Samples.Contracts.IWordCount@1"], "trust": "standard" }""");

        ToolResult result = await Tool.RunAsync("check", folder, "--json");

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Equal(("standard", "process"), Sensible(result));
        Assert.Contains("it is a program", result.Json.GetProperty("probe").GetProperty("because").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task People_get_tables_with_the_method_what_to_do_instead_and_the_conclusion()
    {
        ToolResult result = await CheckAsync("Fixtures.Careless", "--no-probe");

        Assert.Contains("Fixtures.Careless.CarelessCalculator (constructor)", result.Output, StringComparison.Ordinal);
        Assert.Contains("timer: A live timer keeps the plugin loaded. Keep it in a field and dispose it in DisposeAsync", result.Output, StringComparison.Ordinal);
        Assert.Contains("Unload probe: not run, --no-probe: none of its code was run.", result.Output, StringComparison.Ordinal);
        Assert.Contains("Sensible trust: standard (process)", result.Output, StringComparison.Ordinal);
        Assert.Contains("3 problem(s).", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_and_options_that_exclude_each_other_are_misuse()
    {
        ToolResult missing = await Tool.RunAsync("check", _folder["nowhere"]);
        ToolResult both = await Tool.RunAsync("check", _folder["nowhere"], "--probe", "--no-probe");

        Assert.Equal((2, 2), (missing.ExitCode, both.ExitCode));
        Assert.Contains("does not exist; name the folder that holds its plugin.json", missing.Errors, StringComparison.Ordinal);
        Assert.Contains("--probe and --no-probe exclude each other", both.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Task<ToolResult> CheckAsync(string fixture, params string[] more) => Tool.RunAsync(["check", FixtureFolder.Of(fixture), "--state", _folder["state"], .. more]);

    private static (string?, string?) Sensible(ToolResult result)
    {
        JsonElement sensible = result.Json.GetProperty("sensible");
        return (sensible.GetProperty("trust").GetString(), sensible.GetProperty("tier").GetString());
    }

    private static IEnumerable<(string Check, string Message, string? Path)> Problems(ToolResult result) => result.Json.GetProperty("problems").EnumerateArray()
        .Select(p => (p.GetProperty("check").GetString()!, p.GetProperty("message").GetString()!, p.GetProperty("path").GetString()));
}

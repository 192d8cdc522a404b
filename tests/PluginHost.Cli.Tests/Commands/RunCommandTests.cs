using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>A host in one process, its figures in another.</summary>
public sealed class RunCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Another_process_reads_exactly_the_calls_that_were_made_and_a_stop_leaves_nothing()
    {
        await using RunningHost host = await RunningHost.StartAsync(
            "--state", _folder["state"],
            "--call", "samples.calculator Calculator.Add [1,2]",
            "--call", "samples.calculator Calculator.Add [3,4]",
            "--call", "samples.notes Notes.Put [\"key\",\"text\"]",
            "--call", "samples.notes Notes.Get [\"missing\"]",
            "--call", "samples.faulty Faulty.Throw [\"on purpose\"]");
        IReadOnlyList<int> workers = ProcessLife.ChildrenOf(host.Pid);

        ToolResult stats = await Tool.RunAsync("stats", "--json", "--attach", _folder["state"]);
        ToolResult faults = await Tool.RunAsync("faults", "--json", "--attach", _folder["state"]);
        ToolResult list = await Tool.RunAsync("list", "--json", "--attach", _folder["state"]);
        int exitCode = await host.StopAsync();
        ToolResult afterwards = await Tool.RunAsync("stats", "--json", "--attach", _folder["state"]);

        Assert.Equal((true, 2L, 2L, 0L), Counts(stats.Json, "samples.calculator", "Calculator.Add"));
        Assert.Equal((true, 1L, 1L, 0L), Counts(stats.Json, "samples.notes", "Notes.Put"));
        Assert.Equal((true, 1L, 0L, 1L), Counts(stats.Json, "samples.notes", "Notes.Get"));
        JsonElement fault = Assert.Single(faults.Json.GetProperty("faults").EnumerateArray());
        Assert.Equal("samples.faulty exception", $"{fault.GetProperty("plugin").GetString()} {fault.GetProperty("kind").GetString()}");
        Assert.All(list.Json.GetProperty("plugins").EnumerateArray(), plugin => Assert.Equal("ready", plugin.GetProperty("state").GetString()));
        Assert.Equal(0, exitCode);
        Assert.NotEmpty(workers);
        Assert.All(workers, pid => Assert.False(ProcessLife.IsAlive(pid)));
        Assert.Equal((false, 2L, 2L, 0L), Counts(afterwards.Json, "samples.calculator", "Calculator.Add"));
    }

    [Fact]
    public async Task A_watching_host_tells_in_a_line_what_it_took_and_what_it_did_not()
    {
        const string Id = "samples.notes";
        _folder.CopyOf(Path.Combine(Tool.Plugins, Id), $"plugins/{Id}");
        string manifest = await File.ReadAllTextAsync(_folder["plugins", Id, "plugin.json"]);
        string policy = _folder.Write("policy.json", $$"""{ "development": {{JsonSerializer.Serialize(_folder["plugins"])}} }""");
        using Started run = new(Tool.Start("run", "--watch", "--plugins", _folder["plugins"], "--policy", policy, "--state", _folder["state"]));
        Process host = run.Process;
        await UntilLineAsync(host.StandardOutput, line => line.EndsWith("Ctrl-C stops it.", StringComparison.Ordinal));

        _folder.Write($"plugins/{Id}/plugin.json", manifest.Replace("\"1.0.0\"", "\"1.0.1\"", StringComparison.Ordinal));
        string taken = await UntilLineAsync(host.StandardError, line => line.Contains("took the place of", StringComparison.Ordinal));
        _folder.Write($"plugins/{Id}/plugin.json", "{");
        string kept = await UntilLineAsync(host.StandardError, line => line.Contains("was not taken", StringComparison.Ordinal));
        _folder.Write($"plugins/{Id}/plugin.json", manifest.Replace("\"1.0.0\"", "\"1.0.1\"", StringComparison.Ordinal));
        string same = await UntilLineAsync(host.StandardError, line => line.Contains("nothing to reload", StringComparison.Ordinal));
        ToolResult list = await Tool.RunAsync("list", "--json", "--attach", _folder["state"]);
        Task<string> rest = host.StandardError.ReadToEndAsync();
        using (Process kill = Process.Start("kill", ["-INT", host.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await host.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.EndsWith("Reloaded: version 1.0.1 in the place of 1.0.0.", taken, StringComparison.Ordinal);
        Assert.EndsWith(" Generation 2 (1.0.1) goes on.", kept, StringComparison.Ordinal);
        Assert.Contains(Id, same, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, Assert.Single(list.Json.GetProperty("plugins").EnumerateArray()).GetProperty("faultId").ValueKind);
        Assert.Equal(0, host.ExitCode);
        Assert.DoesNotContain("Unhandled", await rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tool_outlives_an_exception_on_the_own_thread_of_a_plugin_inside_of_it()
    {
        const string Id = "samples.faulty";
        _folder.CopyOf(Path.Combine(Tool.Plugins, Id), $"plugins/{Id}");
        string manifest = await File.ReadAllTextAsync(_folder["plugins", Id, "plugin.json"]);
        _folder.Write($"plugins/{Id}/plugin.json", manifest.Replace("\"standard\"", "\"full\"", StringComparison.Ordinal));
        string policy = _folder.Write("policy.json", $$"""{ "development": {{JsonSerializer.Serialize(_folder["plugins"])}} }""");
        await using RunningHost host = await RunningHost.StartAsync(
            "--plugins", _folder["plugins"], "--policy", policy, "--state", _folder["state"], "--call", $"{Id} Faulty.ThreadException [\"on its own\"]");

        string? state = null;
        for (int look = 0; look < 20 && state != "quarantined"; look++)
        {
            JsonElement plugin = Assert.Single((await Tool.RunAsync("list", "--json", "--attach", _folder["state"])).Json.GetProperty("plugins").EnumerateArray());
            state = plugin.GetProperty("state").GetString();
        }

        Assert.Equal("quarantined", state);
        ToolResult faults = await Tool.RunAsync("faults", "--json", "--attach", _folder["state"]);
        JsonElement fault = Assert.Single(faults.Json.GetProperty("faults").EnumerateArray());
        Assert.Equal(("unhandledException", "inProcess"), (fault.GetProperty("kind").GetString(), fault.GetProperty("tier").GetString()));
        Assert.Equal(0, await host.StopAsync());
    }

    [Fact]
    public async Task Figures_of_a_folder_that_nobody_hosts_are_not_made_up()
    {
        ToolResult stats = await Tool.RunAsync("stats", "--json", "--attach", _folder.Folder("empty"));

        Assert.Equal((1, "state"), (stats.ExitCode, stats.Json.GetProperty("error").GetProperty("kind").GetString()));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<string> UntilLineAsync(StreamReader reader, Func<string, bool> condition)
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(1));
        while (await reader.ReadLineAsync(deadline.Token) is { } line)
        {
            if (condition(line))
            {
                return line;
            }
        }

        throw new InvalidOperationException("The host ended before it had told what was waited for.");
    }

    private static (bool Running, long Calls, long Ok, long Errors) Counts(JsonElement stats, string plugin, string method)
    {
        JsonElement row = stats.GetProperty("plugins").EnumerateArray().Where(p => p.GetProperty("id").GetString() == plugin)
            .SelectMany(p => p.GetProperty("methods").EnumerateArray()).Single(m => m.GetProperty("method").GetString() == method);
        return (
            stats.GetProperty("source").GetProperty("running").GetBoolean(),
            row.GetProperty("calls").GetInt64(),
            row.GetProperty("ok").GetInt64(),
            row.GetProperty("errors").GetInt64());
    }

    /// <summary>A process that ends with its test, whatever came of that.</summary>
    private sealed record Started(Process Process) : IDisposable
    {
        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
        }
    }
}

using System.Text.Json;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>A whole runtime over real folders: placement, refusal, attaching, reloading.</summary>
public sealed class PluginRuntimeTests : IDisposable
{
    private const string Markdown = "samples.markdown";
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Plugins => _folder["plugins"];

    private string Policy => _folder["pluginhost.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Editing_only_the_policy_file_moves_an_unchanged_applications_plugin_to_another_tier()
    {
        Lay(Markdown);

        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        (PluginTier? near, string? nearHtml) = await RenderAsync();
        _folder.Write("pluginhost.json", """{ "development": "plugins", "plugins": { "samples.markdown": { "tier": "process" } } }""");
        (PluginTier? far, string? farHtml) = await RenderAsync();

        Assert.Equal((PluginTier.InProcess, PluginTier.Process), (near, far));
        Assert.Contains(">hello</h1>", nearHtml, StringComparison.Ordinal);
        Assert.Equal(nearHtml, farHtml);
    }

    [Fact]
    public async Task Without_a_policy_every_plugin_is_untrusted_and_refused_by_name()
    {
        Lay(Markdown);
        await using PluginRuntime runtime = await StartAsync();

        PluginStatus status = Assert.Single(runtime.Status);
        PluginRefusedException refused = await Assert.ThrowsAnyAsync<PluginRefusedException>(
            () => runtime.Get<IMarkdown>(Markdown).RenderAsync("#", Cancelled));

        Assert.Equal((TrustLevel.Full, TrustLevel.Untrusted, PluginState.Refused), (status.RequestedTrust, status.GrantedTrust, status.State));
        Assert.Contains("sandbox", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_bad_plugin_never_stops_the_others()
    {
        Lay(Markdown);
        _folder.Write("plugins/broken/plugin.json", "{ \"id\": ");
        _folder.Write("plugins/empty/plugin.json", """{ "id": "empty.one", "version": "1.0.0", "entry": "Nothing.dll", "contracts": ["Samples.Contracts.IMarkdown@1"] }""");
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        await using PluginRuntime runtime = await StartAsync();

        Assert.Equal(PluginState.Ready, runtime.Status.Single(s => s.Id == Markdown).State);
        Assert.All(runtime.Status.Where(s => s.Id != Markdown), s => Assert.Equal(PluginState.Refused, s.State));
        Assert.Equal(3, runtime.Status.Count);
    }

    [Fact]
    public async Task A_plugin_that_claims_anothers_id_stops_nobody_else_and_gets_nothing()
    {
        Lay(Markdown);
        Lay("samples.calculator");
        _folder.CopyOf(Path.Combine(Plugins, "samples.calculator"), "plugins/impostor");
        string claimed = File.ReadAllText(Path.Combine(Plugins, "impostor", "plugin.json"));
        _folder.Write("plugins/impostor/plugin.json", claimed);
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");

        await using PluginRuntime runtime = await StartAsync();

        Assert.Equal(PluginState.Ready, runtime.Status.Single(s => s.Id == Markdown).State);
        PluginStatus twice = runtime.Status.Single(s => s.Id == "samples.calculator");
        Assert.Equal(PluginState.Refused, twice.State);
        Assert.Contains(twice.Reasons, r => r.Contains("impostor", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_manifest_that_names_another_major_of_a_contract_is_refused_with_both_versions()
    {
        Lay(Markdown, manifest => manifest.Replace("IMarkdown@1", "IMarkdown@2", StringComparison.Ordinal));
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        await using PluginRuntime runtime = await StartAsync();

        PluginStatus status = Assert.Single(runtime.Status);

        Assert.Equal(PluginState.Refused, status.State);
        Assert.Contains(status.Reasons, r => r.Contains("IMarkdown@2", StringComparison.Ordinal) && r.Contains("IMarkdown@1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_host_on_one_state_folder_is_refused_with_the_first_ones_pid()
    {
        Lay(Markdown);
        await using PluginRuntime first = await StartAsync();

        IOException refused = await Assert.ThrowsAsync<IOException>(StartAsync);

        Assert.Contains($"{Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_host_answers_on_its_control_socket_and_leaves_its_last_window()
    {
        Lay("samples.calculator");
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        string state = _folder["state"];
        HostAttachment.Reading? running;
        await using (PluginRuntime runtime = await StartAsync())
        {
            ICalculator calculator = runtime.Get<ICalculator>("samples.calculator");
            for (int i = 0; i < 17; i++)
            {
                calculator.Add(i, 1);
            }

            running = await HostAttachment.AskAsync(state, Cancelled);
        }

        HostAttachment.Reading? gone = await HostAttachment.AskAsync(state, Cancelled);
        HostAttachment.Reading? window = HostAttachment.LastWindow(state);

        Assert.True(running!.IsRunning);
        Assert.Equal(17, running.Snapshot.Stats.Plugins.Single(p => p.Calls > 0).Ok);
        Assert.Null(gone);
        Assert.False(window!.IsRunning);
        Assert.Equal(17, window.Snapshot.Stats.Plugins.Single(p => p.Calls > 0).Ok);
    }

    [Fact]
    public async Task A_reload_takes_the_folder_as_it_is_now_under_the_same_reference()
    {
        Lay(Markdown);
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        await using PluginRuntime runtime = await StartAsync();
        IMarkdown markdown = runtime.Get<IMarkdown>(Markdown);
        string before = await markdown.RenderAsync("# one", Cancelled);
        string manifest = File.ReadAllText(Path.Combine(Plugins, Markdown, "plugin.json"));
        _folder.Write($"plugins/{Markdown}/plugin.json", manifest.Replace("\"1.0.0\"", "\"1.1.0\"", StringComparison.Ordinal));

        UnloadResult result = await runtime.ReloadAsync(Markdown);

        Assert.Equal(before, await markdown.RenderAsync("# one", Cancelled));
        Assert.Equal("1.1.0", runtime.Status.Single().Version);
        Assert.Equal(2, runtime.Status.Single().Generation);
        Assert.Contains(result.Outcome, new[] { UnloadOutcome.Unloaded, UnloadOutcome.Pending });
    }

    [Fact]
    public async Task An_unknown_plugin_is_named_with_those_there_are()
    {
        Lay(Markdown);
        await using PluginRuntime runtime = await StartAsync();

        KeyNotFoundException unknown = Assert.Throws<KeyNotFoundException>(() => runtime.Get<IMarkdown>("samples.markdwon"));

        Assert.Contains(Markdown, unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_contract_that_a_plugin_does_not_implement_is_told_with_those_it_does()
    {
        Lay(Markdown);
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        await using PluginRuntime runtime = await StartAsync();

        ContractMismatchException mismatch = Assert.Throws<ContractMismatchException>(() => runtime.Get<INotes>(Markdown));

        Assert.Contains("Samples.Contracts.IMarkdown@1", mismatch.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_with_problems_are_refused_with_all_of_them()
    {
        PluginRuntimeOptions options = new()
        {
            Directory = " ",
            PolicyFile = "a",
            Policy = PluginPolicy.Nothing,
            StartTimeout = TimeSpan.Zero,
        };

        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => PluginRuntime.StartAsync(options, Cancelled));

        Assert.Equal(3, options.Validate().Count);
        Assert.Contains("StartTimeout", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_that_no_timer_can_count_and_a_folder_that_nobody_can_watch_are_refused()
    {
        PluginRuntimeOptions options = new()
        {
            Directory = _folder["none"],
            ReloadOnChange = true,
            DrainTimeout = TimeSpan.MaxValue,
            StartTimeout = TimeSpan.MaxValue,
            HealthTimeout = TimeSpan.MaxValue,
        };

        IReadOnlyList<string> problems = options.Validate();

        Assert.Equal(4, problems.Count);
        Assert.All(problems.Take(3), p => Assert.Contains("24.00:00:00", p, StringComparison.Ordinal));
        Assert.Contains("there is nothing to watch", problems[3], StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_survives_its_json()
    {
        byte[] json = """{"at":"2026-01-01T00:00:00+00:00","pid":1,"plugins":[],"stats":{"at":"2026-01-01T00:00:00+00:00","since":"2026-01-01T00:00:00+00:00","plugins":[],"tiers":[]},"faults":[],"restarts":[]}"""u8.ToArray();

        RuntimeSnapshot snapshot = RuntimeSnapshot.FromJson(json);

        Assert.Equal(1, RuntimeSnapshot.FromJson(snapshot.ToJson()).Pid);
        Assert.Throws<JsonException>(() => RuntimeSnapshot.FromJson("null"u8));
        Assert.Throws<JsonException>(() => RuntimeSnapshot.FromJson("""{"at":"2026-01-01T00:00:00+00:00","pid":1,"plugins":null,"stats":null,"faults":null,"restarts":null}"""u8));
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_used_refuses_its_plugin_alone()
    {
        Lay(Markdown);
        Lay("samples.calculator");
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        LayState();
        _folder.Write($"state/data/{Markdown}", "a file in its place");

        await using PluginRuntime runtime = await StartAsync();

        Assert.Equal([PluginState.Ready, PluginState.Refused], runtime.Status.OrderBy(s => s.Id, StringComparer.Ordinal).Select(s => s.State));
        Assert.Contains(runtime.Status.Single(s => s.Id == Markdown).Reasons, r => r.Contains("data folder", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_start_removes_the_copies_of_earlier_versions_and_a_runtime_of_one_plugin_those_of_none()
    {
        Lay(Markdown);
        Lay("samples.calculator");
        _folder.Write("pluginhost.json", """{ "development": "plugins" }""");
        await (await StartAsync()).DisposeAsync();

        string[] first = Copies();
        Lay(Markdown, manifest => manifest.Replace("\"1.0.0\"", "\"1.0.1\"", StringComparison.Ordinal));

        await using (await PluginRuntime.StartAsync(Options() with { Only = [Markdown], StartPlugins = false }, Cancelled))
        {
            Assert.Equal(3, Copies().Length);
        }

        await using PluginRuntime next = await StartAsync();

        Assert.Equal(2, first.Length);
        Assert.Equal(2, Copies().Length);
        Assert.Single(Copies().Intersect(first));
    }

    [Fact]
    public async Task A_runtime_that_cannot_be_put_together_gives_its_state_folder_back()
    {
        Lay(Markdown);
        LayState();
        _folder.Write("state/control.sock/in-the-way", "");

        await Assert.ThrowsAnyAsync<Exception>(StartAsync);
        Directory.Delete(_folder["state", "control.sock"], recursive: true);
        await using PluginRuntime next = await StartAsync();

        Assert.Equal(_folder["state"], next.StateFolder);
    }

    private async Task<(PluginTier? Tier, string Html)> RenderAsync()
    {
        await using PluginRuntime runtime = await StartAsync();
        IMarkdown markdown = runtime.Get<IMarkdown>(Markdown);
        return (runtime.Status.Single().Tier, await markdown.RenderAsync("# hello", Cancelled));
    }

    private Task<PluginRuntime> StartAsync() => PluginRuntime.StartAsync(Options(), Cancelled);

    private PluginRuntimeOptions Options() => new()
    {
        Directory = Plugins,
        StateFolder = _folder["state"],
        PolicyFile = File.Exists(Policy) ? Policy : null,
        ContractAssemblies = [typeof(IMarkdown).Assembly],
    };

    private void LayState() => Directory.CreateDirectory(_folder["state"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    private string[] Copies() => [.. Directory.GetDirectories(_folder["state", "store"]).Where(f => Path.GetFileName(f).Length == 64)];

    private void Lay(string id, Func<string, string>? edit = null)
    {
        string folder = _folder.CopyOf(Path.Combine(SampleHost.Layout, id), Path.Combine("plugins", id));
        string manifest = Path.Combine(folder, "plugin.json");
        if (edit is not null)
        {
            File.WriteAllText(manifest, edit(File.ReadAllText(manifest)));
        }
    }
}

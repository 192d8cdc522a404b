using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>Plugins' folders that come, are mended, move and go while a host watches them; and what that leaves in the store.</summary>
[Collection(nameof(OnEveryTier.ReloadTests))]
public sealed class FolderIntakeTests : IDisposable
{
    private const string Markdown = "samples.markdown";
    private const string Calculator = "samples.calculator";
    private readonly ListLogger _logs = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_plugin_that_cannot_be_read_has_a_record_and_runs_once_its_manifest_is_mended()
    {
        await using SampleHost host = await StartAsync(json => json["colour"] = "red");
        PluginStatus refused = host.Status(Markdown);
        FaultRecord record = Assert.Single(host.Runtime.Faults);
        PluginRefusedException told = Assert.Throws<PluginRefusedException>(() => host.Runtime.Get<IMarkdown>(Markdown));

        host.Change(Markdown, json => json.AsObject().Remove("colour"));
        await UntilAsync(() => host.Status(Markdown).State == PluginState.Ready);

        Assert.Equal((PluginState.Refused, FaultKind.StartFailure, Markdown, 0), (refused.State, record.Kind, record.PluginId, record.Generation));
        Assert.Contains("colour", record.Message, StringComparison.Ordinal);
        Assert.Equal(record.Id, told.FaultId);
        Assert.Contains("hello", await host.Runtime.Get<IMarkdown>(Markdown).RenderAsync("# hello", Cancelled), StringComparison.Ordinal);
        Assert.Single(host.Runtime.Faults);
    }

    [Fact]
    public async Task Mended_without_a_watch_it_runs_by_a_reload_and_one_that_still_cannot_be_read_says_so()
    {
        await using SampleHost host = await StartAsync(json => json["colour"] = "red", watches: false);

        PluginRefusedException still = await Assert.ThrowsAsync<PluginRefusedException>(() => host.Runtime.ReloadAsync(Markdown));
        host.Change(Markdown, json => json.AsObject().Remove("colour"));
        await host.Runtime.ReloadAsync(Markdown);

        Assert.Contains("colour", still.Message, StringComparison.Ordinal);
        Assert.Equal(PluginState.Ready, host.Status(Markdown).State);
        Assert.Equal(host.Runtime.Faults[^1].Id, still.FaultId);
    }

    [Fact]
    public async Task One_whose_folder_has_another_name_than_its_id_is_known_by_its_id_once_that_can_be_read()
    {
        await using SampleHost host = await StartAsync();
        string folder = Directory.CreateDirectory(Path.Combine(host.Plugins, "sums")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "plugin.json"), "{", Cancelled);
        await UntilAsync(() => host.Runtime.Status.Any(s => s.Id == "sums"));

        await File.WriteAllTextAsync(Path.Combine(folder, "plugin.json"), "{ \"id\": ", Cancelled);
        Lay(host, Calculator, "sums");
        await UntilAsync(() => host.Runtime.Status.Any(s => s is { Id: Calculator, State: PluginState.Ready }));

        Assert.Equal([Markdown, Calculator], host.Runtime.Status.Select(s => s.Id));
        Assert.Equal(3, await host.Runtime.Get<ICalculator>(Calculator).AddAsync(1, 2, Cancelled));
    }

    [Fact]
    public async Task A_folder_that_comes_is_started_and_one_that_goes_leaves_what_runs()
    {
        await using SampleHost host = await StartAsync();

        Lay(host, Calculator, Calculator);
        await UntilAsync(() => host.Runtime.Status.Any(s => s is { Id: Calculator, State: PluginState.Ready }));
        Directory.Delete(Path.Combine(host.Plugins, Calculator), recursive: true);
        await UntilAsync(() => _logs.Events.Any(e => e.Id.Id == 8063));

        Assert.Equal(3, await host.Runtime.Get<ICalculator>(Calculator).AddAsync(1, 2, Cancelled));
        Assert.Empty(host.Runtime.Faults);
        Assert.Equal(1, host.Status(Calculator).Generation);
    }

    [Fact]
    public async Task A_folder_with_another_name_is_the_same_plugin_and_one_that_could_not_run_goes_with_its_folder()
    {
        await using SampleHost host = await StartAsync();
        string broken = Directory.CreateDirectory(Path.Combine(host.Plugins, "broken")).FullName;
        await File.WriteAllTextAsync(Path.Combine(broken, "plugin.json"), "{", Cancelled);
        await UntilAsync(() => host.Runtime.Status.Any(s => s.Id == "broken"));

        Directory.Move(Path.Combine(host.Plugins, Markdown), Path.Combine(host.Plugins, "moved"));
        Directory.Delete(broken, recursive: true);
        await UntilAsync(() => host.Runtime.Inspect(Markdown).SourceFolder == Path.Combine(host.Plugins, "moved"));
        await UntilAsync(() => host.Runtime.Status.Count == 1);

        Assert.Equal((PluginState.Ready, 1), (host.Status(Markdown).State, host.Status(Markdown).Generation));
    }

    [Fact]
    public async Task Of_two_folders_that_claim_one_id_the_one_that_is_left_runs()
    {
        await using SampleHost host = await StartAsync(options: (o, folder) =>
        {
            Copy(Path.Combine(folder, Markdown), Path.Combine(folder, "twin"));
            return o;
        });
        PluginState twice = host.Status(Markdown).State;

        Directory.Delete(Path.Combine(host.Plugins, Markdown), recursive: true);
        await UntilAsync(() => host.Runtime.Status is [{ State: PluginState.Ready }]);

        Assert.Equal(PluginState.Refused, twice);
        Assert.EndsWith("/twin", host.Runtime.Inspect(Markdown).SourceFolder, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_changes_again_and_again_leaves_one_copy_in_the_store()
    {
        await using SampleHost host = await StartAsync();
        IMarkdown markdown = host.Runtime.Get<IMarkdown>(Markdown);

        for (int version = 1; version <= 3; version++)
        {
            host.Change(Markdown, json => json["version"] = $"1.{version}.0");
            await UntilAsync(() => host.Status(Markdown) is { State: PluginState.Ready } now && now.Version == $"1.{version}.0");
            await markdown.RenderAsync("# hello", Cancelled);
        }

        await UntilAsync(() => Copies(host).Length == 1);
        Assert.Equal(host.Runtime.Inspect(Markdown).StoreFolder, Copies(host).Single());
    }

    [Fact]
    public async Task A_version_that_was_not_taken_leaves_nothing_and_what_an_earlier_host_left_goes_at_the_start()
    {
        await using SampleHost host = await StartAsync(watches: false, options: (o, _) =>
        {
            string old = Directory.CreateDirectory(Path.Combine(o.StateFolder!, "store", new string('a', 64))).FullName;
            File.WriteAllText(Path.Combine(old, "plugin.json"), "{}");
            return o;
        });
        string[] atStart = Copies(host);

        host.Change(Markdown, json => json["version"] = "0.0.1");
        await Assert.ThrowsAsync<PluginRefusedException>(() => host.Runtime.ReloadAsync(Markdown));

        Assert.Single(atStart);
        Assert.Equal(atStart, Copies(host));
    }

    public void Dispose() => _logs.Dispose();

    private async Task<SampleHost> StartAsync(
        Action<System.Text.Json.Nodes.JsonNode>? change = null, bool watches = true, Func<PluginRuntimeOptions, string, PluginRuntimeOptions>? options = null) =>
        await SampleHost.StartAsync(
            PluginTier.InProcess,
            change: change,
            drain: TimeSpan.FromMilliseconds(100),
            loggers: _logs,
            options: o => (options?.Invoke(o, o.Directory) ?? o) with { ReloadOnChange = watches },
            ids: [Markdown]);

    /// <summary>Lays a sample into a folder, its manifest last.</summary>
    private static void Lay(SampleHost host, string id, string folder)
    {
        string target = Path.Combine(host.Plugins, folder);
        Copy(Path.Combine(SampleHost.Layout, id), target);
        string manifest = Path.Combine(target, "plugin.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest));
    }

    private static void Copy(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).OrderBy(f => Path.GetFileName(f) == "plugin.json"))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }

    private static string[] Copies(SampleHost host) =>
        [.. Directory.GetDirectories(Path.Combine(host.State, "store")).Where(d => Path.GetFileName(d).Length == 64)];

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "What was waited for did not happen.");
            await Task.Delay(5, Cancelled);
        }
    }
}

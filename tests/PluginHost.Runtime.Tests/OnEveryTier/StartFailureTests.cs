using System.Text.Json.Nodes;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests.OnEveryTier;

public sealed class InProcessStartFailureTests() : StartFailureTests(PluginTier.InProcess);

public sealed class ProcessStartFailureTests() : StartFailureTests(PluginTier.Process);

/// <summary>A start that fails says the same on every tier: what is missing or disagrees, and how that is mended.</summary>
public abstract class StartFailureTests(PluginTier tier) : IAsyncLifetime
{
    private const string Markdown = "samples.markdown";
    private SampleHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SampleHost.StartAsync(tier, ids: [Markdown]);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_missing_dependency_is_named_with_who_needs_it_its_version_and_the_remedy()
    {
        File.Delete(Path.Combine(_host.Plugins, Markdown, "Markdig.dll"));

        PluginException failed = await Assert.ThrowsAnyAsync<PluginException>(() => _host.Runtime.ReloadAsync(Markdown));

        FaultRecord record = _host.Runtime.Faults[0];
        Assert.Equal(record.Id, failed.FaultId);
        Assert.Equal((PluginState.Ready, 1), (_host.Status(Markdown).State, _host.Status(Markdown).Generation));
        Assert.Equal(FaultKind.StartFailure, record.Kind);
        Assert.Contains("Samples.Markdown.dll needs Markdig.dll (version ", record.Message, StringComparison.Ordinal);
        Assert.StartsWith("Publish the plugin with its dependencies", record.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', record.Message);
        Assert.Contains(record.Remedy!, record.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Framework_versions_that_disagree_are_both_named_and_the_plugin_is_quarantined_with_the_record()
    {
        string path = Path.Combine(_host.Plugins, Markdown, "Samples.Markdown.runtimeconfig.json");
        JsonNode config = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        config["runtimeOptions"]!["framework"]!["version"] = "99.1.0";
        await File.WriteAllTextAsync(path, config.ToJsonString(), TestContext.Current.CancellationToken);
        TaskCompletionSource<LifecycleEvent> quarantined = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable subscription = _host.Runtime.Subscribe(told =>
        {
            if (told is LifecycleEvent { State: "quarantined" } change)
            {
                quarantined.TrySetResult(change);
            }
        });

        await _host.Runtime.StopAsync(Markdown);
        await _host.Runtime.ReloadAsync(Markdown);
        LifecycleEvent last = await quarantined.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.All(_host.Runtime.Faults, record =>
        {
            Assert.Equal(FaultKind.StartFailure, record.Kind);
            Assert.Contains("needs Microsoft.NETCore.App 99.1.0, and this process runs on 10.", record.Message, StringComparison.Ordinal);
            Assert.StartsWith("Rebuild the plugin for a framework that this host has", record.Remedy, StringComparison.Ordinal);
        });
        Assert.Equal(PluginState.Quarantined, _host.Status(Markdown).State);
        Assert.Contains("99.1.0", last.Reason, StringComparison.Ordinal);
        Assert.Contains(_host.Runtime.Faults, record => record.Id == last.FaultId);
    }
}

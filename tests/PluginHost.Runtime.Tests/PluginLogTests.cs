using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>What the host's log says of a plugin, whichever room logs it.</summary>
public sealed class PluginLogTests
{
    private const string Notes = "samples.notes";

    [Theory]
    [InlineData(PluginTier.InProcess)]
    [InlineData(PluginTier.Process)]
    public async Task A_plugins_own_events_arrive_with_template_properties_and_scope(PluginTier tier)
    {
        ListLogger log = new();
        await using SampleHost host = await SampleHost.StartAsync(tier, loggers: log, ids: Notes);
        int? worker = host.Status(Notes).WorkerPid;

        await host.Runtime.StopAsync(Notes);

        LoggedEvent own = log.Events.First(e => e.Category == $"Plugin.{Notes}" && e.Template?.Contains("{Notes}", StringComparison.Ordinal) == true);
        Assert.Equal("0", own.Properties["Notes"]?.ToString());
        Assert.Equal(Notes, own.Properties["PluginId"]?.ToString());
        Assert.Equal(tier.ToString(), own.Properties["Tier"]?.ToString());
        Assert.Equal("1", own.Properties["Generation"]?.ToString());
        Assert.Equal(worker?.ToString(), own.Properties["WorkerPid"]?.ToString());
    }

    [Fact]
    public async Task The_engines_events_of_a_plugin_have_the_same_scope()
    {
        ListLogger log = new();
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.Process, loggers: log, ids: Notes);
        int worker = host.Status(Notes).WorkerPid!.Value;

        await host.Runtime.StopAsync(Notes);

        LoggedEvent stopped = log.Events.Single(e => e.Id.Id == 8001);
        Assert.Equal(
            (Notes, nameof(PluginTier.Process), "1", worker.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            (stopped.Properties["PluginId"]?.ToString(), stopped.Properties["Tier"]?.ToString(), stopped.Properties["Generation"]?.ToString(), stopped.Properties["WorkerPid"]?.ToString()));
    }
}

using System.Collections.Concurrent;
using Fixtures.Services.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests;

/// <summary>A whole runtime's end over plugins that serve each other.</summary>
public sealed class StopOrderTests
{
    private const string Relays = "Fixtures.Services.Contract.IRelay";

    [Theory]
    [InlineData(PluginTier.InProcess)]
    [InlineData(PluginTier.Process)]
    public async Task Plugins_that_are_served_by_others_stop_before_those(PluginTier tier)
    {
        RelayHost host = await StartAsync(tier);
        ConcurrentQueue<string> stopping = [];
        using IDisposable listening = host.Runtime.Subscribe(told =>
        {
            if (told is LifecycleEvent { State: "stopping" })
            {
                stopping.Enqueue(told.PluginId);
            }
        });

        await host.DisposeAsync();

        // By their folders it would be the other way round.
        Assert.Equal(["a.first", "b.second", "c.third"], stopping);
    }

    [Fact]
    public async Task Whoever_disposes_twice_waits_for_the_same_end_and_late_callers_are_told()
    {
        RelayHost host = await StartAsync(PluginTier.InProcess);

        Task first = host.Runtime.DisposeAsync().AsTask();
        Task second = host.Runtime.DisposeAsync().AsTask();

        await Task.WhenAll(first, second);
        Assert.All(host.Runtime.Status, s => Assert.NotEqual(PluginState.Ready, s.State));
        Assert.Throws<ObjectDisposedException>(() => host["a.first"]);
        await host.DisposeAsync();
    }

    private static Task<RelayHost> StartAsync(PluginTier tier) => RelayHost.StartAsync(
        o => o.Provide<IJournal>(new Journal()),
        plugins:
        [
            new Relay("a.first", "full", RelayHost.Next) { Overrides = By(tier, "b.second") },
            new Relay("b.second", "full", RelayHost.Next) { Overrides = By(tier, "c.third") },
            new Relay("c.third", "full", RelayHost.Journal) { Overrides = new() { Tier = tier } },
        ]);

    private static PluginOverrides By(PluginTier tier, string provider) => new()
    {
        Tier = tier,
        Spare = SpareMode.None,
        Services = new Dictionary<string, string> { [Relays] = provider },
    };
}

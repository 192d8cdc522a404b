using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>When the host stops every thread of the application for a collection: when somebody wants a proof, and never otherwise.</summary>
[Collection(nameof(ReloadSoakTests))]
public sealed class ForcedCollectionTests
{
    private const string Id = "samples.calculator";

    [Fact]
    public async Task Reloads_and_a_stop_in_production_force_no_collection()
    {
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.InProcess, ids: [Id]);
        using InducedCollections induced = new();
        int before = await induced.CountAsync();

        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(3, host.Runtime.Get<ICalculator>(Id).Add(1, 2));
            Assert.Equal(UnloadOutcome.Pending, (await host.Runtime.ReloadAsync(Id)).Outcome);
        }

        UnloadResult stopped = await host.Runtime.StopAsync(Id);

        // The one in between is the first count's own.
        Assert.Equal(before + 1, await induced.CountAsync());
        Assert.Equal((UnloadOutcome.Pending, PluginState.Unloading), (stopped.Outcome, host.Status(Id).State));
    }

    [Fact]
    public async Task An_operator_who_wants_the_proof_gets_it_at_once_and_at_most_once_a_minute()
    {
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.InProcess, options: o => o with { ForceUnloadProof = true }, ids: [Id]);
        using InducedCollections induced = new();
        int before = await induced.CountAsync();

        UnloadResult first = await host.Runtime.ReloadAsync(Id);
        int forced = await induced.CountAsync() - before - 1;
        UnloadResult second = await host.Runtime.ReloadAsync(Id);

        Assert.Equal((UnloadOutcome.Unloaded, UnloadOutcome.Pending), (first.Outcome, second.Outcome));
        Assert.InRange(forced, 1, 10);
    }
}

using System.Text.Json.Nodes;
using Fixtures.Growing;
using PluginHost.Contracts.Faults;
using PluginHost.FixturePlugins;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.OnEveryTier;

public sealed class InProcessEvolutionTests() : EvolutionTests(PluginTier.InProcess);

public sealed class ProcessEvolutionTests() : EvolutionTests(PluginTier.Process);

/// <summary>
/// A host with one release of a contract, and plugins that were built against those before it and the one after: who runs, what the others are told, the
/// same on every tier.
/// </summary>
public abstract class EvolutionTests(PluginTier tier) : IAsyncLifetime
{
    private const string Before = "fixtures.contractbefore";
    private const string Same = "fixtures.contractquiet";
    private readonly TempFolder _folder = new();
    private PluginRuntime _runtime = null!;

    public async ValueTask InitializeAsync()
    {
        string plugins = Path.Combine(_folder.Path, "plugins");
        string[] fixtures = ["Fixtures.ContractGap", "Fixtures.ContractBefore", "Fixtures.ContractQuiet", "Fixtures.ContractAhead"];
        foreach (string fixture in fixtures)
        {
            FixtureFolder.CopyOf(fixture, Path.Combine(plugins, fixture));
        }

        string other = Path.Combine(FixtureFolder.CopyOf("Fixtures.ContractBefore", Path.Combine(plugins, "other")), "plugin.json");
        JsonNode manifest = JsonNode.Parse(await File.ReadAllTextAsync(other))!;
        manifest["id"] = "fixtures.othermajor";
        manifest["contracts"] = new JsonArray("Fixtures.Growing.IGrowing@2");
        await File.WriteAllTextAsync(other, manifest.ToJsonString());
        _runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = plugins,
            StateFolder = Path.Combine(_folder.Path, "state"),
            ContractAssemblies = [typeof(IGrowing).Assembly],
            Policy = new PluginPolicy
            {
                Development = plugins,
                Plugins = fixtures.ToDictionary(f => f, _ => new PluginOverrides { Tier = tier, Spare = SpareMode.None }, StringComparer.OrdinalIgnoreCase),
            },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_plugin_from_before_a_method_with_a_body_has_the_body_and_one_from_after_its_own()
    {
        Assert.Equal("FirstFirst", _runtime.Get<IGrowing>(Before).First(2));
        Assert.Equal("ThirdThird", _runtime.Get<IGrowing>(Before).Third(2));
        Assert.Equal("Zero", _runtime.Get<IGrowing>(Before).Zero());
        Assert.Equal("Own thirdOwn third", _runtime.Get<IGrowing>(Same).Third(2));
        Assert.All([Before, Same], id => Assert.Equal(tier, StatusOf(id).Tier));
    }

    [Fact]
    public void A_plugin_from_before_an_interface_does_not_give_it_and_says_what_it_gives()
    {
        ContractMismatchException refused = Assert.Throws<ContractMismatchException>(() => _runtime.Get<IGrowingMore>(Before));

        Assert.Equal(
            $"{Before} does not implement Fixtures.Growing.IGrowingMore; it implements Fixtures.Growing.IGrowing@1. Ask for one of those, or name the contract in its manifest.",
            refused.Message);
        Assert.False(_runtime.Get<IGrowing>(Before) is IGrowingMore);
        Assert.Equal([Same], _runtime.GetAll<IGrowingMore>().Keys);
        Assert.Equal(new Growth(3), _runtime.Get<IGrowingMore>(Same).Fourth(new Growth(2)));
    }

    [Fact]
    public void A_plugin_that_lacks_a_member_without_a_body_is_refused_before_it_is_loaded_naming_it()
    {
        PluginStatus status = StatusOf("fixtures.contractgap");

        Assert.Equal(PluginState.Refused, status.State);
        Assert.Contains(
            "the host's Fixtures.Growing.IGrowing (Fixtures.Growing 1.1.0.0) has members that its [Plugin] class Fixtures.ContractGap.Grown lacks: String Second(Int32).",
            status.Reasons[^1],
            StringComparison.Ordinal);
        Assert.Equal(FaultKind.ContractMismatch, _runtime.Faults.Single(f => f.PluginId == status.Id).Kind);
    }

    [Fact]
    public void A_plugin_built_against_a_newer_contract_is_refused_with_both_versions()
    {
        PluginStatus status = StatusOf("fixtures.contractahead");

        Assert.Equal(PluginState.Refused, status.State);
        Assert.Contains("Fixtures.ContractAhead.dll was built against Fixtures.Growing 2.0.0.0, and the host has 1.1.0.0", status.Reasons[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Another_major_version_is_refused_where_the_plugin_is_placed_with_both_versions()
    {
        PluginStatus status = StatusOf("fixtures.othermajor");

        Assert.Equal((PluginState.Refused, null), (status.State, status.Tier));
        Assert.Contains(
            "The manifest names 'Fixtures.Growing.IGrowing@2', but the host has 'Fixtures.Growing.IGrowing@1'. Install a host or a plugin of the same major version.",
            status.Reasons);
    }

    private PluginStatus StatusOf(string id) => _runtime.Status.Single(s => s.Id == id);
}

using Fixtures.Contracts;
using Fixtures.Growing;
using PluginHost.Contracts.Faults;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

/// <summary>What a plugin was built against and the host does not have is found before anything of the plugin is loaded.</summary>
public sealed class ContractUseTests
{
    [Fact]
    public void A_plugin_whose_code_names_what_the_hosts_contract_lacks_is_refused_naming_each()
    {
        PluginLoadException refused = Refused("Fixtures.ContractQuiet", typeof(IGrowing));

        Assert.Equal(FaultKind.ContractMismatch, refused.Kind);
        Assert.Equal(
            "Plugin 'Fixtures.ContractQuiet' does not fit the host's contracts: Fixtures.ContractQuiet.dll uses what the host's Fixtures.Growing 1.1.0.0 does not have: "
                + "Fixtures.Growing.Growth; Fixtures.Growing.IGrowing.Third(System.Int32); Fixtures.Growing.IGrowingBase; Fixtures.Growing.IGrowingMore.",
            refused.What);
        Assert.Equal("Install a host with a newer Fixtures.Growing, or rebuild the plugin against the host's.", refused.Remedy);
    }

    [Fact]
    public void A_class_beside_the_plugins_that_lacks_members_is_refused_too_naming_them()
    {
        PluginLoadException refused = Refused("Fixtures.ContractBeside", typeof(IGreeter));

        Assert.Equal(FaultKind.ContractMismatch, refused.Kind);
        Assert.EndsWith(
            "the host's Fixtures.Growing.IGrowing (Fixtures.Growing 1.1.0.0) has members that its class Fixtures.ContractBeside.Beside lacks: String Second(Int32).",
            refused.What,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_major_version_is_refused_with_both_versions_whether_or_not_something_is_missing()
    {
        PluginLoadException refused = Refused("Fixtures.ContractAhead", typeof(IGrowing));

        Assert.Contains("was built against Fixtures.Growing 2.0.0.0, and the host has 1.1.0.0.", refused.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fixtures.ContractBefore", typeof(IGrowing))]
    [InlineData("Fixtures.Plain", typeof(IEcho))]
    [InlineData("Fixtures.UsesLibV1", typeof(ILibraryUser))]
    [InlineData("Fixtures.Satellite", typeof(IGreeter))]
    [InlineData("Fixtures.Misbehaving", typeof(IEcho))]
    public void A_plugin_that_finds_all_it_names_is_loaded(string fixture, Type contract)
    {
        LoadedPlugin plugin = PluginLoader.Load(Some.Options(fixture, contract));

        Assert.True(contract.IsAssignableFrom(plugin.PluginType));
    }

    private static PluginLoadException Refused(string fixture, Type contract) =>
        Assert.Throws<PluginLoadException>(() => PluginLoader.Load(Some.Options(fixture, contract)));
}

using System.Runtime.Loader;
using Fixtures.Contracts;
using Fixtures.Growing;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

public sealed class PluginLoaderTests
{
    private static readonly System.Collections.Concurrent.ConcurrentBag<LoadedPlugin> s_kept = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_plugin_implements_the_hosts_own_interface(bool collectible)
    {
        LoadedPlugin plugin = PluginLoader.Load(Some.Options("Fixtures.Plain", typeof(IEcho)) with { Collectible = collectible });

        object instance = plugin.CreateInstance(Some.Context());

        Assert.Equal(42, Assert.IsAssignableFrom<IEcho>(instance).Add(40, 2));
        Assert.Equal(collectible, plugin.Context.IsCollectible);
        Assert.NotSame(AssemblyLoadContext.Default, AssemblyLoadContext.GetLoadContext(instance.GetType().Assembly));
    }

    [Fact]
    public void Two_plugins_use_two_versions_of_one_library_side_by_side()
    {
        ILibraryUser first = Create<ILibraryUser>("Fixtures.UsesLibV1");
        ILibraryUser second = Create<ILibraryUser>("Fixtures.UsesLibV2");

        Assert.Equal("library 1, assembly 1.0.0.0", first.LibraryVersion());
        Assert.Equal("library 2, assembly 2.0.0.0", second.LibraryVersion());
    }

    [Theory]
    [InlineData("de", "hallo")]
    [InlineData("fr", "hello")]
    public void A_satellite_assembly_of_the_plugins_folder_is_found(string culture, string greeting) =>
        Assert.Equal(greeting, Create<IGreeter>("Fixtures.Satellite").Greet(culture));

    [Fact]
    public void Without_a_deps_file_the_folder_is_probed()
    {
        using TempFolder folder = new();
        FixtureFolder.CopyOf("Fixtures.UsesLibV2", folder.Path);
        FixtureFolder.CopyOf("Fixtures.Satellite", Path.Combine(folder.Path, "satellite"));
        File.Delete(Path.Combine(folder.Path, "Fixtures.UsesLibV2.deps.json"));
        File.Delete(Path.Combine(folder.Path, "satellite", "Fixtures.Satellite.deps.json"));

        LoadedPlugin user = PluginLoader.Load(Some.Options("Fixtures.UsesLibV2") with { Folder = folder.Path });
        LoadedPlugin greeter = PluginLoader.Load(Some.Options("Fixtures.Satellite") with { Folder = Path.Combine(folder.Path, "satellite") });

        Assert.StartsWith("library 2", ((ILibraryUser)user.CreateInstance(Some.Context())).LibraryVersion(), StringComparison.Ordinal);
        Assert.Equal("hallo", ((IGreeter)greeter.CreateInstance(Some.Context())).Greet("de"));
        Assert.Contains(user.Assemblies, a => a is { Name: "Fixtures.Library", Because: "private: found in the plugin's folder" });
    }

    [Fact]
    public void A_load_that_is_told_what_an_earlier_one_found_gives_the_same_plugin_and_does_not_check_its_files_again()
    {
        using TempFolder folder = new();
        FixtureFolder.CopyOf("Fixtures.UsesLibV1", folder.Path);
        LoadOptions options = Some.Options("Fixtures.UsesLibV1", typeof(ILibraryUser)) with { Folder = folder.Path };
        LoadedPlugin first = PluginLoader.Load(options);

        // A contract that it does not implement: a check would refuse it.
        LoadedPlugin second = PluginLoader.Load(options with { Known = first.Entry, Contracts = [typeof(IGrowing)] });

        Assert.Equal(first.Entry, second.Entry);
        Assert.NotSame(first.PluginType, second.PluginType);
        Assert.Equal("library 1, assembly 1.0.0.0", ((ILibraryUser)second.CreateInstance(Some.Context())).LibraryVersion());
    }

    [Theory]
    [InlineData("Fixtures.Other", 0)]
    [InlineData(null, 1)]
    [InlineData(null, 0x0600FFFF)]
    [InlineData(null, 0x02000002)]
    public void Files_that_are_not_those_of_the_earlier_load_are_refused(string? name, int constructor)
    {
        LoadOptions options = Some.Options("Fixtures.UsesLibV1");
        PluginEntry entry = PluginLoader.Load(options).Entry;
        PluginEntry other = new(name ?? entry.TypeName, constructor == 0 ? entry.Constructor : constructor);

        PluginLoadException refused = Assert.Throws<PluginLoadException>(() => PluginLoader.Load(options with { Known = other }));

        Assert.Contains($"{other.TypeName}, which an earlier load found in Fixtures.UsesLibV1.dll, is not there", refused.Message);
    }

    [Fact]
    public void A_contract_that_the_plugin_ships_is_never_loaded_and_is_reported()
    {
        LoadOptions options = Some.Options("Fixtures.Broken.OwnContract", typeof(IEcho));
        Assert.True(File.Exists(Path.Combine(options.Folder, "Fixtures.Contracts.dll")));

        LoadedPlugin plugin = PluginLoader.Load(options);
        IEcho echo = (IEcho)plugin.CreateInstance(Some.Context());

        Assert.Equal("same", echo.Echo("same"));
        LoadedAssembly row = Assert.Single(plugin.Assemblies, a => a.Name == "Fixtures.Contracts");
        Assert.True(row.Shared);
        Assert.Equal(typeof(IEcho).Assembly.Location, row.From);
        Assert.Contains("own copy Fixtures.Contracts.dll was not loaded", row.Because, StringComparison.Ordinal);
        Assert.DoesNotContain(plugin.Context.Assemblies, a => a.GetName().Name is "Fixtures.Contracts" or "PluginHost.Contracts");
    }

    [Fact]
    public void The_load_report_says_where_each_assembly_came_from_and_why()
    {
        LoadOptions options = Some.Options("Fixtures.UsesLibV1", typeof(ILibraryUser));
        LoadedPlugin plugin = PluginLoader.Load(options);

        ((ILibraryUser)plugin.CreateInstance(Some.Context())).LibraryVersion();

        Assert.Contains(new LoadedAssembly("Fixtures.UsesLibV1", "1.0.0.0", Path.Combine(options.Folder, "Fixtures.UsesLibV1.dll"), Shared: false, "the manifest's entry"), plugin.Assemblies);
        Assert.Contains(new LoadedAssembly("Fixtures.Library", "1.0.0.0", Path.Combine(options.Folder, "Fixtures.Library.dll"), Shared: false, "private: listed in the plugin's deps.json"), plugin.Assemblies);
        Assert.Contains(plugin.Assemblies, a => a is { Name: "Fixtures.Contracts", Shared: true });
    }

    [Fact]
    public void A_plugin_that_lacks_members_of_the_hosts_contract_is_refused_naming_them()
    {
        PluginLoadException refused = Refused(Some.Options("Fixtures.ContractGap", typeof(IGrowing)));

        Assert.Equal(FaultKind.ContractMismatch, refused.Kind);
        Assert.Contains("Fixtures.Growing 1.1.0.0", refused.What, StringComparison.Ordinal);
        Assert.Contains("String Second(Int32)", refused.What, StringComparison.Ordinal);
        Assert.DoesNotContain("First", refused.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plugin_built_against_a_newer_contract_than_the_hosts_is_refused_naming_both_versions()
    {
        PluginLoadException refused = Refused(Some.Options("Fixtures.ContractAhead", typeof(IGrowing)));

        Assert.Equal(FaultKind.ContractMismatch, refused.Kind);
        Assert.Contains("was built against Fixtures.Growing 2.0.0.0, and the host has 1.1.0.0", refused.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plugin_that_implements_none_of_the_named_contracts_is_refused_naming_what_it_does_implement()
    {
        PluginLoadException refused = Refused(Some.Options("Fixtures.Plain", typeof(IGreeter)));

        Assert.Equal(FaultKind.ContractMismatch, refused.Kind);
        Assert.Contains("names the contract Fixtures.Contracts.IGreeter", refused.What, StringComparison.Ordinal);
        Assert.Contains("Fixtures.Contracts.IEcho", refused.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fixtures.Broken.NoPlugin", "has no public class marked [Plugin]")]
    [InlineData("Fixtures.Broken.TwoPlugins", "has 2 classes marked [Plugin]: Fixtures.Broken.TwoPlugins.First, Fixtures.Broken.TwoPlugins.Second")]
    [InlineData("Fixtures.Broken.MissingDependency", "Fixtures.Broken.MissingDependency.dll needs Fixtures.Library.dll (version 1.0.0.0), which is neither in the plugin's folder nor shared by the host")]
    public void A_broken_plugin_is_refused_with_a_diagnosis(string fixture, string expected)
    {
        PluginLoadException refused = Refused(Some.Options(fixture));

        Assert.Equal(FaultKind.StartFailure, refused.Kind);
        Assert.StartsWith($"Plugin '{fixture}' could not be started: ", refused.What, StringComparison.Ordinal);
        Assert.Contains(expected, refused.What, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Remedy);
    }

    [Fact]
    public void A_throwing_constructor_is_told_as_text_even_where_its_message_throws()
    {
        LoadedPlugin plugin = PluginLoader.Load(Some.Options("Fixtures.Misbehaving", typeof(IEcho)));

        PluginLoadException failure = Assert.Throws<PluginLoadException>(() => plugin.CreateInstance(Some.Context("""{"mode":"constructor-throws"}""")));

        Assert.Null(failure.InnerException);
        Assert.Equal("Fixtures.Misbehaving.SpitefulException", failure.Thrown!.Type);
        Assert.Equal("(reading it threw System.NotSupportedException)", failure.Thrown.Message);
        Assert.Contains("MisbehavingEcho..ctor", failure.Thrown.Stack, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_or_a_file_that_is_no_assembly_is_named()
    {
        using TempFolder folder = new();
        File.WriteAllText(Path.Combine(folder.Path, "text.dll"), "not an assembly");

        PluginLoadException missing = Refused(Some.Options("Fixtures.Plain") with { Folder = folder.Path });
        PluginLoadException bad = Refused(Some.Options("Fixtures.Plain") with { Folder = folder.Path, EntryAssembly = "text.dll" });

        Assert.Contains("its entry 'Fixtures.Plain.dll' is not in", missing.What, StringComparison.Ordinal);
        Assert.Contains("'text.dll' is not a .NET assembly", bad.What, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_outside_the_folder_is_no_valid_option() =>
        Assert.Throws<ArgumentException>(() => PluginLoader.Load(Some.Options("Fixtures.Plain") with { EntryAssembly = "../Fixtures.Plain.dll" }));

    [Fact]
    public void A_library_that_only_the_application_has_is_not_given_to_plugins()
    {
        using TempFolder folder = new();
        FixtureFolder.CopyOf("Fixtures.Plain", folder.Path);

        PluginLoadException refused = Refused(Some.Options("Fixtures.Plain") with { Folder = folder.Path, Shared = new SharedAssemblies() });

        Assert.Contains("needs Fixtures.Contracts.dll", refused.What, StringComparison.Ordinal);
    }

    private static T Create<T>(string fixture)
    {
        // Kept for good: a load context that nobody holds begins to unload at the next collection, and then loads nothing more.
        LoadedPlugin plugin = PluginLoader.Load(Some.Options(fixture, typeof(T)));
        s_kept.Add(plugin);
        return Assert.IsAssignableFrom<T>(plugin.CreateInstance(Some.Context()));
    }

    private static PluginLoadException Refused(LoadOptions options) => Assert.Throws<PluginLoadException>(() => PluginLoader.Load(options));
}

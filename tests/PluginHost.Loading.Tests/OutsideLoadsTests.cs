using Fixtures.Contracts;
using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

/// <summary>Assemblies that a plugin's code loads outside its load context. They stay in this process, so each test names its plugin for itself.</summary>
public sealed class OutsideLoadsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<LoadedAssembly> _told = [];

    [Theory]
    [InlineData("file", "Assembly.LoadFile", true)]
    [InlineData("bytes", "Assembly.Load(byte[])", false)]
    [InlineData("from", "Assembly.LoadFrom", true)]
    public void An_assembly_that_goes_into_a_context_for_good_is_permanent_and_says_who_loaded_it(string how, string api, bool hasFile)
    {
        (LoadedPlugin plugin, IEcho echo) = Load($"outside.{how}");
        string library = Library();

        Assert.Equal("Fixtures.Library", echo.Echo($"{how} {library}"));

        LoadedAssembly row = Assert.Single(plugin.Assemblies, a => a.State == AssemblyState.Permanent);
        Assert.Equal(("Fixtures.Library", "1.0.0.0", hasFile ? library : "", AssemblyOrigin.Plugin), (row.Name, row.Version, row.From, row.Origin));
        Assert.Equal($"permanent: Fixtures.LoadsOutside.OutsideLoader.Echo loaded it with {api} outside the plugin's load context; it stays in memory until the process ends", row.Because);
        Assert.Equal([row], _told);
    }

    [Fact]
    public void One_that_is_loaded_twice_is_told_once_and_the_next_generation_still_knows_of_it()
    {
        (_, IEcho first) = Load("outside.twice");
        string library = Library();
        first.Echo($"bytes {library}");
        first.Echo($"bytes {library}");

        (LoadedPlugin next, _) = Load("outside.twice");

        Assert.Single(_told);
        Assert.Single(next.Assemblies, a => a.State == AssemblyState.Permanent);
    }

    [Fact]
    public void One_in_a_context_that_can_be_unloaded_is_reported_and_not_permanent()
    {
        (LoadedPlugin plugin, IEcho echo) = Load("outside.collectible");

        echo.Echo($"collectible {Library()}");

        Assert.Contains(plugin.Assemblies, a => a is { Name: "Fixtures.Library", State: AssemblyState.Loaded } && a.Because.Contains("with the AssemblyLoadContext 'goes' outside the plugin's load context; it goes with the context", StringComparison.Ordinal));
        Assert.DoesNotContain(plugin.Assemblies, a => a.State == AssemblyState.Permanent);
    }

    [Fact]
    public void One_that_the_plugins_code_puts_into_its_own_context_is_private()
    {
        (LoadedPlugin plugin, IEcho echo) = Load("outside.own");

        echo.Echo($"own {Library()}");

        Assert.Contains(plugin.Assemblies, a => a is { Name: "Fixtures.Library", Because: "private: loaded by the plugin's own code into its load context" });
        Assert.Empty(_told);
    }

    [Fact]
    public void What_the_application_loads_is_not_the_plugins()
    {
        (LoadedPlugin plugin, _) = Load("outside.application");

        System.Reflection.Assembly.Load(File.ReadAllBytes(Library()));

        Assert.DoesNotContain(plugin.Assemblies, a => a.State == AssemblyState.Permanent);
        Assert.Empty(_told);
    }

    public void Dispose() => _folder.Dispose();

    private (LoadedPlugin Plugin, IEcho Echo) Load(string id)
    {
        LoadedPlugin plugin = PluginLoader.Load(Some.Options("Fixtures.LoadsOutside", typeof(IEcho)) with { PluginId = id, LoadedOutside = _told.Add });
        return (plugin, (IEcho)plugin.CreateInstance(Some.Context()));
    }

    private string Library()
    {
        string copy = Path.Combine(_folder.Path, "Fixtures.Library.dll");
        File.Copy(Path.Combine(FixtureFolder.Of("Fixtures.UsesLibV1"), "Fixtures.Library.dll"), copy);
        return copy;
    }
}

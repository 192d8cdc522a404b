using System.ComponentModel;
using System.Reflection;
using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

public sealed class FrameworkCopiesTests
{
    private const string Descriptors = "System.ComponentModel.TypeConverter";

    [Fact]
    public void A_plugin_gets_a_copy_of_what_keeps_types_and_of_nothing_else()
    {
        string folder = FixtureFolder.Of("Fixtures.Misbehaving");

        string? copy = FrameworkCopies.Find(Descriptors, folder, new SharedAssemblies());

        Assert.Equal(typeof(TypeDescriptor).Assembly.Location, copy);
        Assert.Null(FrameworkCopies.Find("System.Text.Json", folder, new SharedAssemblies()));
        Assert.Null(FrameworkCopies.Find("System.Collections", folder, new SharedAssemblies()));
    }

    [Fact]
    public void Where_a_shared_assembly_speaks_of_its_types_there_is_one_copy_for_all()
    {
        SharedAssemblies shared = new(new Dictionary<string, string> { ["Fixtures.Misbehaving"] = Path.Combine(FixtureFolder.Of("Fixtures.Misbehaving"), "Fixtures.Misbehaving.dll") });

        Assert.Null(FrameworkCopies.Find(Descriptors, FixtureFolder.Of("Fixtures.Plain"), shared));
    }

    [Fact]
    public void Where_the_plugin_uses_another_part_of_the_framework_that_speaks_of_its_types_there_is_one_copy_for_all()
    {
        using TempFolder folder = new();
        Assembly data = Assembly.Load("System.Data");
        Assert.Contains(data.GetReferencedAssemblies(), r => r.Name == "System.Data.Common");
        File.Copy(data.Location, Path.Combine(folder.Path, "Some.dll"));

        Assert.Null(FrameworkCopies.Find(Descriptors, folder.Path, new SharedAssemblies()));
    }
}

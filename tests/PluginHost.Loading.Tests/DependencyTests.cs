using System.Runtime.InteropServices;
using Fixtures.Contracts;
using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

/// <summary>What a plugin brings beside its own assembly: native libraries, symbols, its place on the disk.</summary>
public sealed class DependencyTests : IDisposable
{
    private static readonly System.Collections.Concurrent.ConcurrentBag<LoadedPlugin> s_kept = [];
    private readonly TempFolder _folder = new();

    [Fact]
    public void Two_plugins_use_two_native_libraries_of_one_name_side_by_side_each_with_a_state_of_its_own()
    {
        Assert.SkipUnless(RuntimeInformation.RuntimeIdentifier.StartsWith("linux", StringComparison.Ordinal) && RuntimeInformation.ProcessArchitecture == Architecture.X64, "The libraries are built for linux-x64.");
        ILibraryUser first = Native("first", "v1", "");
        ILibraryUser second = Native("second", "v2", "runtimes/linux-x64/native");

        Assert.StartsWith("native 1, call 1,", first.LibraryVersion(), StringComparison.Ordinal);
        Assert.StartsWith("native 1, call 2,", first.LibraryVersion(), StringComparison.Ordinal);
        Assert.StartsWith("native 2, call 1,", second.LibraryVersion(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_native_library_that_is_missing_is_named_with_where_to_put_it()
    {
        LoadedPlugin plugin = PluginLoader.Load(Some.Options("Fixtures.Native", typeof(ILibraryUser)));
        ILibraryUser user = (ILibraryUser)plugin.CreateInstance(Some.Context("""{ "absent": true }"""));

        DllNotFoundException thrown = Assert.Throws<DllNotFoundException>(user.LibraryVersion);
        PluginLoadException told = plugin.Diagnose(thrown, "its start");

        Assert.Contains("a native library is missing", told.What, StringComparison.Ordinal);
        Assert.Contains("runtimes/<rid>/native", told.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_assembly_knows_where_it_lies()
    {
        FixtureFolder.CopyOf("Fixtures.Plain", _folder.Path);

        LoadedPlugin plugin = Load("Fixtures.Plain", _folder.Path);

        Assert.Equal(Path.Combine(_folder.Path, "Fixtures.Plain.dll"), plugin.PluginType.Assembly.Location);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stack_has_lines_where_the_symbols_lie_beside_the_assembly(bool collectible)
    {
        FixtureFolder.CopyOf("Fixtures.Plain", _folder.Path);
        IEcho echo = (IEcho)Load("Fixtures.Plain", _folder.Path, collectible).CreateInstance(Some.Context());

        Exception thrown = Assert.ThrowsAny<Exception>(() => echo.Throw("here"));

        Assert.Matches(@"PlainEcho\.cs:line \d+", ThrownException.Read(thrown).Stack);
    }

    [Fact]
    public void A_single_file_application_is_told_clearly()
    {
        HostFrameworks bundled = new("", new Version(10, 0), isSingleFile: true);

        PluginLoadException? refused = PluginRequirements.SingleFile(Some.Options("Fixtures.Plain"), bundled);

        Assert.Contains("this application was published as a single file", refused!.What, StringComparison.Ordinal);
        Assert.Equal("Publish the application without PublishSingleFile.", refused.Remedy);
        Assert.Null(PluginRequirements.SingleFile(Some.Options("Fixtures.Plain"), HostFrameworks.Current));
    }

    public void Dispose() => _folder.Dispose();

    private ILibraryUser Native(string name, string version, string inside)
    {
        string folder = FixtureFolder.CopyOf("Fixtures.Native", Path.Combine(_folder.Path, name));
        Directory.CreateDirectory(Path.Combine(folder, inside));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "native", version, "libfixture.so"), Path.Combine(folder, inside, "libfixture.so"));
        return (ILibraryUser)Load("Fixtures.Native", folder).CreateInstance(Some.Context());
    }

    private static LoadedPlugin Load(string fixture, string folder, bool collectible = true)
    {
        LoadedPlugin plugin = PluginLoader.Load(Some.Options(fixture) with { Folder = folder, Collectible = collectible });
        s_kept.Add(plugin);
        return plugin;
    }
}

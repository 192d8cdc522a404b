using System.Reflection;
using System.Runtime;
using System.Runtime.CompilerServices;
using Fixtures.Contracts;
using PluginHost.FixturePlugins;
using PluginHost.Loading.Tests.Support;

namespace PluginHost.Loading.Tests;

/// <summary>What the two modes of a load context do with a plugin's code.</summary>
public sealed class ModeTests
{
    // Compiled ahead, and used by nothing else here.
    private const string Library = "System.Text.RegularExpressions.dll";
    private static readonly System.Collections.Concurrent.ConcurrentBag<LoadedPlugin> s_kept = [];

    [Fact]
    public void Code_that_was_compiled_ahead_is_used_in_a_pinned_context_and_compiled_anew_in_one_that_can_be_unloaded()
    {
        // What the test itself needs is compiled by the first of them.
        CompiledBy(collectible: false);
        long pinned = CompiledBy(collectible: false);
        long unloadable = CompiledBy(collectible: true);

        Assert.True(pinned * 3 < unloadable, $"Compiled while it ran: {pinned} methods in the pinned context, {unloadable} in the other.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long CompiledBy(bool collectible)
    {
        using TempFolder folder = new();
        FixtureFolder.CopyOf("Fixtures.Plain", folder.Path);
        string library = Path.Combine(folder.Path, Library);
        File.Copy(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, Library), library);
        LoadedPlugin plugin = PluginLoader.Load(Some.Options("Fixtures.Plain", typeof(IEcho)) with { Folder = folder.Path, Collectible = collectible });
        s_kept.Add(plugin);
        Type regex = plugin.Context.LoadFromAssemblyPath(library).GetType("System.Text.RegularExpressions.Regex", throwOnError: true)!;
        MethodInfo isMatch = regex.GetMethod("IsMatch", [typeof(string), typeof(string)])!;

        long before = JitInfo.GetCompiledMethodCount(currentThread: true);
        object? matches = isMatch.Invoke(null, ["a key: 12, another: 34", "(?<word>[a-z]+): (\\d+)"]);

        Assert.Equal(true, matches);
        return JitInfo.GetCompiledMethodCount(currentThread: true) - before;
    }
}

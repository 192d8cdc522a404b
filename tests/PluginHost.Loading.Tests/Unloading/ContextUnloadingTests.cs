using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text.Json;
using Fixtures.Contracts;
using PluginHost.Loading.Tests.Support;
using PluginHost.Loading.Unloading;

namespace PluginHost.Loading.Tests.Unloading;

public sealed class ContextUnloadingTests
{
    [Fact]
    public async Task A_clean_plugin_is_proved_gone_by_forced_collections()
    {
        ContextUnloading unloading = LoadCallUnload("Fixtures.Plain", static _ => { });

        Assert.Equal(UnloadProof.Proved, await unloading.TryProveAsync(force: true, TimeProvider.System));
        Assert.True(unloading.IsGone);
    }

    [Fact]
    public async Task Looking_without_force_says_not_yet_while_something_holds_the_plugin()
    {
        object? held = null;
        ContextUnloading unloading = LoadCallUnload("Fixtures.Plain", plugin => held = plugin);

        Assert.Equal(UnloadProof.NotYet, await unloading.TryProveAsync(force: false, TimeProvider.System));
        GC.KeepAlive(held);
    }

    [Fact]
    public async Task A_plugin_that_roots_itself_is_proved_leaked()
    {
        ContextUnloading unloading = LoadCallUnload("Fixtures.Leaky", static _ => { });

        Assert.Equal(UnloadProof.Leaked, await unloading.TryProveAsync(force: true, TimeProvider.System));
    }

    [Fact]
    public async Task A_throwing_handler_of_the_unloading_event_does_not_stop_the_unload()
    {
        ContextUnloading unloading = LoadCallUnload(
            "Fixtures.Plain",
            static plugin => AssemblyLoadContext.GetLoadContext(plugin.GetType().Assembly)!.Unloading += static _ => throw new InvalidOperationException("from a handler"));

        Assert.Equal(UnloadProof.Proved, await unloading.TryProveAsync(force: true, TimeProvider.System));
        Assert.Contains("from a handler", Assert.Single(unloading.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clearing_the_frameworks_caches_frees_a_plugin_whose_types_were_serialised()
    {
        ContextUnloading unloading = LoadCallUnload("Fixtures.Plain", static plugin => JsonSerializer.Serialize(plugin, plugin.GetType()));
        Assert.Equal(UnloadProof.Leaked, await unloading.TryProveAsync(force: true, TimeProvider.System));

        Assert.Empty(FrameworkCaches.Clear());

        Assert.Equal(UnloadProof.Proved, await unloading.TryProveAsync(force: true, TimeProvider.System));
    }

    [Fact]
    public void A_plugin_loaded_for_good_cannot_be_unloaded()
    {
        LoadedPlugin plugin = PluginLoader.Load(Some.Options("Fixtures.Plain") with { Collectible = false });

        Assert.Throws<InvalidOperationException>(() => plugin.Unload());
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // so that no local of the test's frame holds the plugin
    private static ContextUnloading LoadCallUnload(string fixture, Action<object> use)
    {
        LoadedPlugin loaded = PluginLoader.Load(Some.Options(fixture, typeof(IEcho)));
        object plugin = loaded.CreateInstance(Some.Context());
        Assert.Equal(3, ((IEcho)plugin).Add(1, 2));
        use(plugin);
        return loaded.Unload();
    }
}

using Fixtures.Leaks.Contract;
using PluginHost.Contracts;
using PluginHost.Holders.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;

namespace PluginHost.Holders.Tests;

/// <summary>The option of the runtime, end to end.</summary>
public sealed class NameHoldersTests
{
    [Fact]
    public async Task A_stop_says_what_holds_the_plugin_where_the_operator_wants_to_know()
    {
        using TempFolder folder = new();

        UnloadResult result = await StopAsync(folder, nameHolders: true);

        Assert.Equal(UnloadOutcome.Leaked, result.Outcome);
        Assert.Equal(
            "A static event of the framework (AppDomain.ProcessExit) has a handler of the plugin: Fixtures.Leaks.Listening.OnExit. Unsubscribe in DisposeAsync. "
            + "[static System.AppDomain.s_domain -> AppDomain.ProcessExit -> EventHandler -> Fixtures.Leaks.Listening.OnExit]",
            Assert.Single(result.Holders));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["state", "holders"]));
    }

    [Fact]
    public async Task Nobody_is_dumped_where_nobody_wants_to_know()
    {
        using TempFolder folder = new();

        UnloadResult result = await StopAsync(folder, nameHolders: false);

        Assert.Equal((UnloadOutcome.Leaked, 0), (result.Outcome, result.Holders.Count));
        Assert.False(Directory.Exists(folder["state", "holders"]));
    }

    private static async Task<UnloadResult> StopAsync(TempFolder folder, bool nameHolders)
    {
        folder.CopyOf(LeakyHost.Folder, "plugins/fixtures.leaks");
        await using PluginRuntime runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = folder["plugins"],
            StateFolder = folder["state"],
            Policy = new PluginPolicy { Development = folder["plugins"] },
            ContractAssemblies = [typeof(ILeaks).Assembly],
            ForceUnloadProof = true,
            NameHolders = nameHolders,
        });
        runtime.Get<ILeaks>("fixtures.leaks").Leak("process-exit");
        return await runtime.StopAsync("fixtures.leaks");
    }
}

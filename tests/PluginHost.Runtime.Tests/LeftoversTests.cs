using PluginHost.Runtime.Store;
using PluginHost.Runtime.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>What a start does about the host before it.</summary>
public sealed class LeftoversTests
{
    [Fact]
    public async Task What_a_dead_host_left_is_looked_for_with_the_program_that_the_application_has_placed()
    {
        using TempFolder folder = new();
        ListLogger log = new();
        HostIdentity dead = HostIdentity.Current with { Start = HostIdentity.Current.Start - 1 };
        string state = folder.Folder("state");
        folder.Folder("plugins");
        folder.Write(Path.Combine("state", "running"), $"host {dead}\n+ 1 1234567 samples.any\n");

        await using (await PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = folder["plugins"],
            StateFolder = state,
            LoggerFactory = log,
            Workers = o => o with { WorkerFolder = folder["elsewhere"] },
        }))
        {
            Assert.Contains(log.Messages(), m => m.Contains(Path.Combine(folder["elsewhere"], "PluginHost.Worker.dll"), StringComparison.Ordinal));
        }
    }
}

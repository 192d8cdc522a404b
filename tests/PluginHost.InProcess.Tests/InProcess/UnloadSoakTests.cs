using System.Runtime.Loader;
using PluginHost.InProcess.Tests.Support;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class UnloadSoakTests(ITestOutputHelper output)
{
    private const int WarmUp = 10;
    private const long Tolerance = 1024 * 1024;
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Loading_calling_and_unloading_over_and_over_keeps_memory_flat()
    {
        int rounds = Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") is null ? 100 : 1000;
        using Harness harness = new("Fixtures.Plain");
        int contexts = AssemblyLoadContext.All.Count();
        long warm = 0;

        for (int round = 0; round < WarmUp + rounds; round++)
        {
            if (round == WarmUp)
            {
                warm = Heap();
            }

            await RoundAsync(harness);
        }

        // What the last rounds left to finalizers and pools takes some collections to go; a leak stays through all of them.
        long growth = Heap() - warm;
        for (int attempt = 0; attempt < 20 && growth > Tolerance; attempt++)
        {
            await Task.Yield();
            growth = Heap() - warm;
        }

        output.WriteLine($"{rounds} rounds: managed heap {warm:N0} bytes, grown by {growth:N0}.");
        Assert.Equal(contexts, AssemblyLoadContext.All.Count());

        // One-time caches of the framework and the runner stay below this; a context leaked a round, each above 64 KiB, is far beyond it.
        Assert.InRange(growth, long.MinValue, Tolerance);
    }

    private static async Task RoundAsync(Harness harness)
    {
        InProcessInstance instance = await harness.StartAsync();
        Assert.Equal("x", harness.Echo.Echo("x"));
        Assert.Equal("y", await harness.Echo.EchoLaterAsync("y", CancellationToken.None));
        harness.Logger.Events.Clear();
        UnloadResult result = await instance.StopAsync(s_drain, CancellationToken.None);
        Assert.Equal(UnloadOutcome.Unloaded, result.Outcome);
    }

    private static long Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}

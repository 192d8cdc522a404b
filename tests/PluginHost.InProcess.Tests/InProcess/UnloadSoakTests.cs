using System.Globalization;
using System.Runtime.Loader;
using PluginHost.InProcess.Tests.Support;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class UnloadSoakTests(ITestOutputHelper output)
{
    private const int WarmUp = 10;
    private const long Tolerance = 64 * 1024;
    private const int Windows = 4;
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Loading_calling_and_unloading_over_and_over_keeps_memory_flat()
    {
        int rounds = Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") is null ? 100 : 1000;
        using Harness harness = new("Fixtures.Plain");
        int contexts = AssemblyLoadContext.All.Count();
        await RunAsync(harness, WarmUp);
        List<long> growth = [];

        // What is kept once, a cache or a pool of the framework or the runner, grows one window; what is kept a round grows them all.
        while (growth.Count < Windows && (growth.Count == 0 || growth.Min() > Tolerance))
        {
            long before = Heap();
            await RunAsync(harness, rounds);
            growth.Add(Heap() - before);
        }

        output.WriteLine($"{rounds} rounds a window: the managed heap has grown by {string.Join(", ", growth.Select(g => g.ToString("N0", CultureInfo.InvariantCulture)))} bytes.");
        Assert.Equal(contexts, AssemblyLoadContext.All.Count());
        Assert.InRange(growth.Min(), long.MinValue, Tolerance);
    }

    private static async Task RunAsync(Harness harness, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            await RoundAsync(harness);
        }
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

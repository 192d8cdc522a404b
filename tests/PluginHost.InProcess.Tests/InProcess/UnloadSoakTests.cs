using System.Globalization;
using System.Runtime.Loader;
using PluginHost.InProcess.Tests.Support;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;

namespace PluginHost.InProcess.Tests.InProcess;

public sealed class UnloadSoakTests(ITestOutputHelper output)
{
    private const int WarmUp = 10;
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Loading_calling_and_unloading_over_and_over_keeps_memory_flat()
    {
        int rounds = int.Parse(Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") ?? "100", CultureInfo.InvariantCulture);
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

        long growth = Heap() - warm;
        output.WriteLine($"{rounds} rounds: managed heap {warm:N0} bytes, grown by {growth:N0}.");
        Assert.Equal(contexts, AssemblyLoadContext.All.Count());

        // Less than one plugin's worth: a single leaked context holds more.
        Assert.InRange(growth, long.MinValue, 64 * 1024);
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

using Bench.Contracts;
using PluginHost.Cli.Output;
using PluginHost.Runtime;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Bench;

/// <summary>Measures what each worker of a pool has of memory, once all of them have served calls.</summary>
internal static class PoolMemory
{
    /// <summary>How many workers the pool has.</summary>
    public const int Workers = 10;

    private const int CallsEach = 20;

    /// <summary>Measures.</summary>
    public static async Task<PoolMemoryLine> MeasureAsync(BenchPlace place, CancellationToken cancellationToken)
    {
        PluginRuntime runtime = await BenchRuntime.StartAsync(
            new PluginOverrides { Workers = Workers }, "pool", place, cancellationToken).ConfigureAwait(false);
        await using (runtime.ConfigureAwait(false))
        {
            // At once, so that each worker has its share.
            IBench plugin = runtime.Get<IBench>(TaxRun.PluginId);
            for (int round = 0; round < CallsEach; round++)
            {
                await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => plugin.ServeAsync(1, cancellationToken))).ConfigureAwait(false);
            }

            int[] pids = [.. BenchRuntime.Status(runtime).Workers.Select(w => w.Pid).OfType<int>()];
            return new PoolMemoryLine(
                Workers,
                Math.Round(pids.Average(pid => BenchRuntime.Mebibytes(pid, "Pss")), 1),
                Math.Round(pids.Average(pid => BenchRuntime.Mebibytes(pid, "Private_Clean", "Private_Dirty")), 1));
        }
    }
}

using System.Diagnostics;
using Bench.Contracts;
using PluginHost.Cli.Output;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Bench;

/// <summary>Measures a plugin that gets a fresh worker for every call.</summary>
internal static class FreshWorkers
{
    private const int Warming = 3;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_sustained = TimeSpan.FromSeconds(5);

    /// <summary>Measures single calls with a worker ready for each, then as many as can be made one behind the other.</summary>
    public static async Task<PerCallLine> MeasureAsync(BenchPlace place, int rounds, CancellationToken cancellationToken)
    {
        int workers = Environment.ProcessorCount;
        PluginOverrides overrides = new() { Isolation = IsolationMode.PerCall, Workers = workers };
        PluginRuntime runtime = await BenchRuntime.StartAsync(overrides, "per-call", place, cancellationToken).ConfigureAwait(false);
        await using (runtime.ConfigureAwait(false))
        {
            IBench plugin = runtime.Get<IBench>(TaxRun.PluginId);
            List<double> times = [];
            for (int round = -Warming; round < rounds; round++)
            {
                await PreparedAsync(runtime, workers, place.Clock, cancellationToken).ConfigureAwait(false);
                long began = Stopwatch.GetTimestamp();
                await plugin.AddCompletedAsync(1, round).ConfigureAwait(false);
                if (round >= 0)
                {
                    times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }

            return new PerCallLine(
                Math.Round(Distribution.Median([.. times]), 2),
                Math.Round(Distribution.At([.. times], 0.99), 2),
                Math.Round(await SustainedAsync(plugin, workers, cancellationToken).ConfigureAwait(false), 1),
                workers);
        }
    }

    private static async Task PreparedAsync(PluginRuntime runtime, int workers, TimeProvider clock, CancellationToken cancellationToken)
    {
        for (long began = clock.GetTimestamp(); BenchRuntime.Status(runtime).Workers is var all && (all.Count != workers || all.Any(w => w.State != WorkerState.Prepared));)
        {
            if (clock.GetElapsedTime(began) > s_patience)
            {
                throw new ToolException(ExitCode.Failed, "bench", $"{workers} workers did not stand ready within {s_patience:c}. Try again on a machine with less to do.");
            }

            await Task.Delay(s_look, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Calls a second, with as many callers as there are workers at once.</summary>
    private static async Task<double> SustainedAsync(IBench plugin, int callers, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        int[] calls = await Task.WhenAll(Enumerable.Range(0, callers).Select(async _ =>
        {
            int made = 0;
            for (; Stopwatch.GetElapsedTime(began) < s_sustained; made++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await plugin.AddCompletedAsync(1, made).ConfigureAwait(false);
            }

            return made;
        })).ConfigureAwait(false);
        return calls.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}

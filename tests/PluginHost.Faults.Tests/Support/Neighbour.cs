using System.Diagnostics;
using Samples.Contracts;

namespace PluginHost.Faults.Tests.Support;

/// <summary>
/// Calls of another plugin all the while. Each takes 5 ms inside, as in the design's arithmetic: against that a machine's own hesitation is small, and a
/// host that waits for the broken plugin is not.
/// </summary>
internal sealed class Neighbour(IFaulty plugin)
{
    private const int ServiceMilliseconds = 5;
    private const int Lanes = 4;
    private const int FewestCalls = 240;

    /// <summary>Calls until it is enough, and often enough for a 99th percentile. A call that fails fails the measurement.</summary>
    /// <param name="enough">Ends when it is.</param>
    /// <param name="fewest">How many calls it makes at least.</param>
    /// <returns>How long each took, in milliseconds.</returns>
    public async Task<double[]> CallAsync(Task enough, int fewest = FewestCalls)
    {
        int calls = 0;
        List<double>[] lanes = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            List<double> times = [];
            while (Interlocked.Increment(ref calls) <= fewest || !enough.IsCompleted)
            {
                long began = Stopwatch.GetTimestamp();
                await plugin.SleepAsync(ServiceMilliseconds, CancellationToken.None);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            return times;
        })));
        return [.. lanes.SelectMany(static lane => lane)];
    }

    /// <summary>The 99th percentile.</summary>
    public static double P99(params IReadOnlyCollection<double> times) => times.Order().ElementAt((int)Math.Ceiling(times.Count * 0.99) - 1);
}

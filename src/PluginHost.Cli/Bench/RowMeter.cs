using System.Diagnostics;
using Bench.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.Cli.Bench;

/// <summary>Measures one row for one round: one call after the other, 64 at once, one a millisecond.</summary>
/// <param name="clock">The clock of the sparse calls.</param>
internal sealed class RowMeter(TimeProvider clock)
{
    /// <summary>How many calls are in flight at once where many are.</summary>
    public const int Flows = 64;

    // A clock's reading costs several in-process calls, so those are timed a thousand at a time.
    private const int InProcessBatch = 1000;
    private const int RawSamples = 100;
    private const int FewestSamples = 20;
    private const int MostSamples = 200_000;
    private const double SequentialShare = 0.4;
    private const double InFlightShare = 0.4;
    private static readonly double s_nanosecondsPerTick = 1e9 / Stopwatch.Frequency;
    private static readonly TimeSpan s_sparse = TimeSpan.FromMilliseconds(1);

    /// <summary>Measures.</summary>
    /// <param name="row">The row.</param>
    /// <param name="time">About how long.</param>
    /// <param name="token">A token that can be cancelled; given to the calls of rows that have one.</param>
    public async Task<TaxRound> MeasureAsync(TaxRow row, TimeSpan time, CancellationToken token)
    {
        CancellationToken given = row.HasToken ? token : CancellationToken.None;
        int batch = row.Tier == PluginTier.InProcess ? InProcessBatch : 1;
        int samples = (int)Math.Clamp(row.Rate * time.TotalSeconds * SequentialShare / batch, FewestSamples, MostSamples);
        double[] rawNs = await TimeAsync(row.Raw, row.RawTarget, InProcessBatch, RawSamples, given).ConfigureAwait(false);

        (double[] ns, double bytes, double perSecond) = await SequentialAsync(row, batch, samples, given).ConfigureAwait(false);
        row.Rate = perSecond;
        (double inFlight, double cpu) = await InFlightAsync(row, time, given).ConfigureAwait(false);
        double sparse = await SparseAsync(row, time, given).ConfigureAwait(false);
        return new TaxRound(
            Distribution.Median(ns), Distribution.At(ns, 0.99), perSecond, Distribution.Median(rawNs), bytes, inFlight, cpu, sparse);
    }

    /// <summary>Times calls, in nanoseconds a call; each sample is the mean of a batch.</summary>
    public static async Task<double[]> TimeAsync(CallLoop loop, IBench target, int batch, int samples, CancellationToken token)
    {
        long[] ticks = new long[samples];
        if (batch == 1)
        {
            await loop.TimedAsync(target, ticks, token).ConfigureAwait(false);
        }
        else
        {
            for (int i = 0; i < samples; i++)
            {
                long started = Stopwatch.GetTimestamp();
                await loop.ManyAsync(target, batch, token).ConfigureAwait(false);
                ticks[i] = Stopwatch.GetTimestamp() - started;
            }
        }

        return Nanoseconds(ticks, batch);
    }

    /// <summary>Ticks as nanoseconds.</summary>
    public static double[] Nanoseconds(ReadOnlySpan<long> ticks, int batch = 1)
    {
        double[] nanoseconds = new double[ticks.Length];
        for (int i = 0; i < ticks.Length; i++)
        {
            nanoseconds[i] = ticks[i] * s_nanosecondsPerTick / batch;
        }

        return nanoseconds;
    }

    private static async Task<(double[] Nanoseconds, double Bytes, double PerSecond)> SequentialAsync(
        TaxRow row, int batch, int samples, CancellationToken token)
    {
        long worker = WorkerBytes(row);
        long host = GC.GetTotalAllocatedBytes(precise: true);
        long started = Stopwatch.GetTimestamp();
        double[] nanoseconds = await TimeAsync(row.Loop, row.Target, batch, samples, token).ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long hostBytes = GC.GetTotalAllocatedBytes(precise: true) - host - (16L * samples);
        long workerBytes = WorkerBytes(row) - worker;
        double calls = (double)samples * batch;
        return (nanoseconds, Math.Max(0, hostBytes + workerBytes) / calls, calls / seconds);
    }

    private static async Task<(double PerSecond, double CpuNs)> InFlightAsync(TaxRow row, TimeSpan time, CancellationToken token)
    {
        int each = (int)Math.Clamp(row.Rate * time.TotalSeconds * InFlightShare / Flows, 10, 1_000_000);
        TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task flows = row.Loop.FlowsAsync(row.Target, Flows, each, open.Task, token);
        long worker = WorkerCpu(row);
        double host = HostCpu();
        long started = Stopwatch.GetTimestamp();
        open.SetResult();
        await flows.ConfigureAwait(false);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double calls = (double)each * Flows;
        double cpu = HostCpu() - host + (WorkerCpu(row) - worker);
        return (calls / seconds, cpu / calls);
    }

    private async Task<double> SparseAsync(TaxRow row, TimeSpan time, CancellationToken token)
    {
        int count = (int)Math.Clamp(time.TotalMilliseconds * (1 - SequentialShare - InFlightShare), FewestSamples, 1000);
        long[] ticks = new long[count];
        using PeriodicTimer timer = new(s_sparse, clock);
        for (int i = 0; i < count; i++)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false);
            long started = Stopwatch.GetTimestamp();
            await row.Loop.ManyAsync(row.Target, 1, token).ConfigureAwait(false);
            ticks[i] = Stopwatch.GetTimestamp() - started;
        }

        return Distribution.Median(Nanoseconds(ticks));
    }

    private static double HostCpu() => Environment.CpuUsage.TotalTime.Ticks * (double)TimeSpan.NanosecondsPerTick;

    // In-process the plugin's process is the host: it is counted once.
    private static long WorkerCpu(TaxRow row) => row.Tier == PluginTier.InProcess ? 0 : row.Target.ProcessorNanoseconds();

    private static long WorkerBytes(TaxRow row) => row.Tier == PluginTier.InProcess ? 0 : row.Target.AllocatedBytes();
}

using System.Collections;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.InProcess;

/// <summary>
/// Measures what the guard adds to an in-process call: guard minus raw, in batches, since timing single calls would cost more than the guard.
/// </summary>
internal static class GuardCalibration
{
    /// <summary>Pairs of batches; the smallest time of each side counts, so that a busy machine does not add to it.</summary>
    public const int DefaultBatches = 40;

    private const int CallsPerBatch = 8 * 1024;

    /// <summary>Measures, in a few milliseconds on the calling thread.</summary>
    /// <param name="clock">For the guard's site; the measuring itself uses the <see cref="Stopwatch"/>.</param>
    /// <param name="batches">How many pairs of batches, at least 1. Default <see cref="DefaultBatches"/>.</param>
    /// <returns>Nanoseconds that the guard adds to a call; at least 0.</returns>
    public static double Measure(TimeProvider clock, int batches = DefaultBatches)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        int slot = ThreadBlocks.Reserve(1);
        try
        {
            IComparer raw = CalibrationGuard.CreateTarget();
            Guard guard = CalibrationContract.Instance.CreateGuard(new CalibrationSite(slot, clock));
            guard.Target = raw;
            IComparer guarded = (IComparer)guard;
            double rawTicks = double.MaxValue;
            double guardTicks = double.MaxValue;
            for (int batch = 0; batch < batches; batch++)
            {
                rawTicks = Math.Min(rawTicks, RunRaw(raw));
                guardTicks = Math.Min(guardTicks, RunGuarded(guarded));
            }

            return Math.Max(0, (guardTicks - rawTicks) * 1e9 / Stopwatch.Frequency / CallsPerBatch);
        }
        finally
        {
            ThreadBlocks.Release(slot, 1);
        }
    }

    // Two equal loops: through one, both kinds of receiver would share a call site and its dispatch would be slower than any real one's.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long RunRaw(IComparer target)
    {
        long started = Stopwatch.GetTimestamp();
        for (int call = 0; call < CallsPerBatch; call++)
        {
            target.Compare(null, null);
        }

        return Stopwatch.GetTimestamp() - started;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long RunGuarded(IComparer guard)
    {
        long started = Stopwatch.GetTimestamp();
        for (int call = 0; call < CallsPerBatch; call++)
        {
            guard.Compare(null, null);
        }

        return Stopwatch.GetTimestamp() - started;
    }
}

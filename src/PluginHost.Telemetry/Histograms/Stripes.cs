using System.Numerics;

namespace PluginHost.Telemetry.Histograms;

/// <summary>Spreads writers over a few copies of the same counters, so that cores seldom share a cache line.</summary>
internal static class Stripes
{
    /// <summary>How many copies there are at most: the processors rounded up to a power of two, at most 4.</summary>
    public static readonly int Count = (int)Math.Min(4, BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount));

    /// <summary>The calling core's copy, from 0. A hint: a thread may move between this and its write, so writes stay interlocked.</summary>
    /// <param name="count">How many copies there are, a power of two.</param>
    public static int Current(int count) => Thread.GetCurrentProcessorId() & (count - 1);
}

using System.Numerics;

namespace PluginHost.Telemetry.Histograms;

/// <summary>
/// The log-linear scale: values below 64 have a bucket each, above that every power of two is cut into 32 equal buckets. A bucket is at most 1/32
/// of its values wide, so its middle is within 1.6 % of each of them.
/// </summary>
internal static class Buckets
{
    private const int SubBits = 5;
    private const int SubCount = 1 << SubBits;
    private const int TopExponent = 41;

    /// <summary>How many buckets: 1,216.</summary>
    public const int Count = (TopExponent - SubBits + 2) * SubCount;

    /// <summary>The greatest value with a bucket of its own, about 73 minutes in nanoseconds. Greater values share the last bucket.</summary>
    public const long GreatestValue = (1L << (TopExponent + 1)) - 1;

    /// <summary>The bucket of a value. Negative values count as 0.</summary>
    public static int IndexOf(long value)
    {
        if (value < SubCount)
        {
            return value < 0 ? 0 : (int)value;
        }

        int exponent = Math.Min(63 - BitOperations.LeadingZeroCount((ulong)value), TopExponent);
        long sub = Math.Min(value, GreatestValue) >> (exponent - SubBits);
        return ((exponent - SubBits) * SubCount) + (int)sub;
    }

    /// <summary>The middle of a bucket: what a value in it is reported as.</summary>
    public static long MiddleOf(int index)
    {
        if (index < 2 * SubCount)
        {
            return index;
        }

        int shift = (index / SubCount) - 1;
        long lowest = (long)((index % SubCount) + SubCount) << shift;
        return lowest + ((1L << shift) / 2);
    }
}

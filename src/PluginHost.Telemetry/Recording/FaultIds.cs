using System.Globalization;

namespace PluginHost.Telemetry.Recording;

/// <summary>Names for fault entries: short, unique over the hosts of one state folder. Thread-safe.</summary>
public static class FaultIds
{
    private static long s_last;

    /// <summary>A new id: the time in milliseconds and a number of this process, both in hexadecimal.</summary>
    /// <param name="at">Now.</param>
    public static string Next(DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"{at.ToUnixTimeMilliseconds():x}-{Interlocked.Increment(ref s_last):x}");
}

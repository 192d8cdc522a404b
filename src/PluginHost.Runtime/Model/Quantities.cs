using System.Globalization;
using System.Text.RegularExpressions;

namespace PluginHost.Runtime.Model;

/// <summary>Sizes and durations as files write them.</summary>
internal static partial class Quantities
{
    private static readonly (string Unit, long Bytes)[] Units = [("B", 1), ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30)];

    /// <summary>Reads a size such as <c>512MiB</c>: a whole number and B, KiB, MiB or GiB. Null where it is none or does not fit.</summary>
    public static long? Size(string text)
    {
        var match = SizePattern().Match(text);
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var unit = Array.Find(Units, u => u.Unit == match.Groups[2].Value).Bytes;
        return number <= long.MaxValue / unit ? number * unit : null;
    }

    /// <summary>Writes a size in the largest unit that divides it.</summary>
    public static string Size(long bytes)
    {
        var (unit, one) = bytes == 0 ? Units[0] : Array.FindLast(Units, u => bytes % u.Bytes == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / one}{unit}");
    }

    /// <summary>Reads a duration: <c>hh:mm:ss</c>, hours of two to four digits, with up to three decimals. Null where it is none.</summary>
    public static TimeSpan? Duration(string text)
    {
        var match = DurationPattern().Match(text);
        if (!match.Success)
        {
            return null;
        }

        int Part(int group) => int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
        var milliseconds = match.Groups[4].Success ? int.Parse(match.Groups[4].Value.PadRight(3, '0'), NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        return TimeSpan.FromHours(Part(1)) + TimeSpan.FromMinutes(Part(2)) + TimeSpan.FromSeconds(Part(3)) + TimeSpan.FromMilliseconds(milliseconds);
    }

    /// <summary>Writes a duration as it is read.</summary>
    public static string Duration(TimeSpan time)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours:00}:{time.Minutes:00}:{time.Seconds:00}");
        return time.Milliseconds == 0 ? text : text + string.Create(CultureInfo.InvariantCulture, $".{time.Milliseconds:000}");
    }

    [GeneratedRegex(@"\A([0-9]{1,19})(B|KiB|MiB|GiB)\z")]
    private static partial Regex SizePattern();

    [GeneratedRegex(@"\A([0-9]{2,4}):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,3}))?\z")]
    private static partial Regex DurationPattern();
}

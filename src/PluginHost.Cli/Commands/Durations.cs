using System.Globalization;
using PluginHost.Cli.Output;

namespace PluginHost.Cli.Commands;

/// <summary>Reads times as people type them.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Milliseconds)[] s_units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

    /// <summary>Reads a time such as <c>500ms</c>, <c>10s</c>, <c>2m</c> or <c>00:00:10</c>; null stays null.</summary>
    /// <exception cref="ToolException">The text is no time above zero and below a day.</exception>
    public static TimeSpan? Read(string option, string? text)
    {
        if (text is null)
        {
            return null;
        }

        foreach ((string unit, double milliseconds) in s_units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                && number * milliseconds is > 0 and < 86_400_000)
            {
                return TimeSpan.FromMilliseconds(number * milliseconds);
            }
        }

        return TimeSpan.TryParseExact(text, ["c"], CultureInfo.InvariantCulture, out TimeSpan time) && text.Contains(':', StringComparison.Ordinal)
            && time > TimeSpan.Zero && time < TimeSpan.FromDays(1)
            ? time
            : throw ToolException.Usage($"{option} is '{text}'; expected a time such as 500ms, 10s, 2m or 00:00:10.");
    }
}

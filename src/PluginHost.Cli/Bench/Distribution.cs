namespace PluginHost.Cli.Bench;

/// <summary>Percentiles of measured values.</summary>
internal static class Distribution
{
    /// <summary>The middle value; 0 of none. Sorts the values.</summary>
    public static double Median(Span<double> values) => At(values, 0.5);

    /// <summary>The value below which a share of the values lies; 0 of none. Sorts the values.</summary>
    public static double At(Span<double> values, double share)
    {
        if (values.Length == 0)
        {
            return 0;
        }

        values.Sort();
        return values[Math.Min(values.Length - 1, (int)(values.Length * share))];
    }
}

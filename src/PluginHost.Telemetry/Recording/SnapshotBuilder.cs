using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Histograms;

namespace PluginHost.Telemetry.Recording;

/// <summary>Adds methods' figures up to plugins and tiers. Pure but for reading the methods' counters.</summary>
internal static class SnapshotBuilder
{
    /// <summary>Builds a snapshot.</summary>
    /// <param name="at">Now.</param>
    /// <param name="since">When counting began.</param>
    /// <param name="windowSeconds">The seconds between the two.</param>
    /// <param name="plugins">What the plugins' recorders hold.</param>
    /// <param name="calibratedNanoseconds">The in-process overhead, or NaN where it is not known.</param>
    public static StatsSnapshot Build(
        DateTimeOffset at, DateTimeOffset since, double windowSeconds, IReadOnlyList<PluginReading> plugins, double calibratedNanoseconds)
    {
        List<(PluginStats Stats, Figures Figures)> read =
            [.. plugins.OrderBy(plugin => plugin.Id, StringComparer.Ordinal).ThenBy(plugin => plugin.Tier).Select(plugin => OfPlugin(plugin, calibratedNanoseconds))];
        return new StatsSnapshot(at, since, windowSeconds, [.. read.Select(plugin => plugin.Stats)], OfTiers(read, calibratedNanoseconds));
    }

    private static (PluginStats Stats, Figures Figures) OfPlugin(PluginReading plugin, double calibrated)
    {
        List<(string Name, Figures Figures)> methods = [.. plugin.Methods.Select(method => (method.Name, Figures.Of(method)))];

        // Not the methods' faults added up: an incident need not concern a call.
        Figures sum = Figures.Sum(methods.Select(method => method.Figures)) with { FaultsByKind = plugin.FaultsByKind };
        PluginStats stats = Fill(
            new PluginStats
            {
                Id = plugin.Id,
                Tier = plugin.Tier,
                Restarts = plugin.RestartsByCause.Values.Sum(),
                RestartsByCause = plugin.RestartsByCause,
                FaultsDropped = plugin.FaultsDropped,
                LostThreads = plugin.LostThreads,
                Methods = [.. methods.Select(method => Fill(new MethodStats { Method = method.Name }, method.Figures, plugin.Tier, calibrated))],
            },
            sum,
            plugin.Tier,
            calibrated);
        return (stats, sum);
    }

    private static List<TierStats> OfTiers(List<(PluginStats Stats, Figures Figures)> plugins, double calibrated) =>
        [.. plugins
            .Where(plugin => plugin.Stats.Tier is not null)
            .GroupBy(plugin => plugin.Stats.Tier!.Value)
            .OrderBy(tier => tier.Key)
            .Select(tier => Fill(
                new TierStats { Tier = tier.Key, Restarts = tier.Sum(plugin => plugin.Stats.Restarts) },
                Figures.Sum(tier.Select(plugin => plugin.Figures)),
                tier.Key,
                calibrated))];

    private static T Fill<T>(T stats, Figures figures, PluginTier? tier, double calibrated)
        where T : CallStats => (T)(stats with
        {
            Calls = figures.Counts.Calls,
            Ok = figures.Counts.Ok,
            Errors = figures.Counts.Errors,
            Faulted = figures.Counts.Faulted,
            Timeouts = figures.Counts.Timeouts,
            Cancelled = figures.Counts.Cancelled,
            Unavailable = figures.Counts.Unavailable,
            InFlight = figures.Counts.InFlight,
            Faults = figures.FaultsByKind.Values.Sum(),
            FaultsByKind = figures.FaultsByKind,
            Latency = LatencyOf(figures.Latency),
            Overhead = tier switch
            {
                null => null,
                PluginTier.InProcess => CalibratedAt(calibrated),
                _ => MeasuredAs(figures.Overhead),
            },
        });

    private static LatencyStats LatencyOf(HistogramSnapshot from) =>
        from.Count == 0 ? LatencyStats.None : new(Us(from.P50), Us(from.P90), Us(from.P99), Us(from.P999), Us(from.Max), from.Count);

    private static OverheadStats? MeasuredAs(HistogramSnapshot from) => from.Count == 0
        ? null
        : new(Us(from.P50), Us(from.P90), Us(from.P99), Us(from.P999), Us(from.Max), from.Count, OverheadStats.Measured);

    private static OverheadStats? CalibratedAt(double nanoseconds) => double.IsNaN(nanoseconds)
        ? null
        : new(Us(nanoseconds), Us(nanoseconds), Us(nanoseconds), Us(nanoseconds), Us(nanoseconds), 0, OverheadStats.Calibrated);

    // Three decimals are nanoseconds; the calibrated overhead is a few of them, so it keeps hundredths.
    private static double Us(double nanoseconds) => Math.Round(nanoseconds / 1000, 5);

    private sealed record Figures(
        CallCounts Counts, IReadOnlyDictionary<FaultKind, long> FaultsByKind, HistogramSnapshot Latency, HistogramSnapshot Overhead)
    {
        public static Figures Of(MethodRecorder method) => new(method.Counts(), method.FaultsByKind(), method.Latency(), method.Overhead());

        public static Figures Sum(IEnumerable<Figures> parts)
        {
            List<Figures> all = [.. parts];
            return new Figures(
                all.Aggregate(default(CallCounts), static (sum, part) => sum + part.Counts),
                all.SelectMany(part => part.FaultsByKind).GroupBy(kind => kind.Key).ToDictionary(kind => kind.Key, kind => kind.Sum(k => k.Value)),
                HistogramSnapshot.Merge(all.Select(part => part.Latency)),
                HistogramSnapshot.Merge(all.Select(part => part.Overhead)));
        }
    }
}

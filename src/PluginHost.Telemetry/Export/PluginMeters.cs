using System.Diagnostics.Metrics;
using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Telemetry.Export;

/// <summary>
/// The meter <c>PluginHost</c>: counters that are read from a recorder when a listener collects, so they cost calls nothing. Percentiles are not
/// among them: read a snapshot. Thread-safe.
/// </summary>
public sealed class PluginMeters : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "PluginHost";

    private readonly Recorder _recorder;
    private readonly Meter _meter;

    /// <summary>Registers the instruments of a recorder.</summary>
    public PluginMeters(Recorder recorder)
    {
        ArgumentNullException.ThrowIfNull(recorder);
        _recorder = recorder;
        _meter = new Meter(MeterName);
        _meter.CreateObservableCounter("pluginhost.calls", Calls, "{call}", "Calls that have ended, by status.");
        _meter.CreateObservableUpDownCounter("pluginhost.calls.in_flight", InFlight, "{call}", "Calls inside plugins now.");
        _meter.CreateObservableUpDownCounter("pluginhost.threads.lost", LostThreads, "{thread}", "Threads that calls hold in in-process plugins beyond their time.");
        _meter.CreateObservableCounter("pluginhost.faults", Faults, "{fault}", "Incidents, by kind.");
        _meter.CreateObservableCounter("pluginhost.restarts", Restarts, "{restart}", "Restarts, by cause.");
    }

    /// <summary>Takes the instruments back.</summary>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> Calls()
    {
        foreach (PluginRecorder plugin in _recorder.Plugins())
        {
            CallCounts counts = plugin.Counts();
            yield return Of(plugin, counts.Ok, "status", nameof(CallStatus.Ok));
            yield return Of(plugin, counts.Errors, "status", nameof(CallStatus.Error));
            yield return Of(plugin, counts.Faulted, "status", nameof(CallStatus.Fault));
            yield return Of(plugin, counts.Timeouts, "status", nameof(CallStatus.Timeout));
            yield return Of(plugin, counts.Cancelled, "status", nameof(CallStatus.Cancelled));
            yield return Of(plugin, counts.Unavailable, "status", nameof(CallStatus.Unavailable));
        }
    }

    private IEnumerable<Measurement<long>> InFlight() =>
        _recorder.Plugins().Select(plugin => new Measurement<long>(plugin.Counts().InFlight, TagsOf(plugin)));

    private IEnumerable<Measurement<long>> LostThreads() =>
        _recorder.Plugins().Where(plugin => plugin.Tier == PluginTier.InProcess).Select(plugin => new Measurement<long>(plugin.LostThreads, TagsOf(plugin)));

    private IEnumerable<Measurement<long>> Faults() =>
        from plugin in _recorder.Plugins()
        from kind in plugin.Read().FaultsByKind
        select Of(plugin, kind.Value, "kind", kind.Key.ToString());

    private IEnumerable<Measurement<long>> Restarts() =>
        from plugin in _recorder.Plugins()
        from cause in plugin.Read().RestartsByCause
        select new Measurement<long>(cause.Value, [.. TagsOf(plugin), new("cause", cause.Key)]);

    private static Measurement<long> Of(PluginRecorder plugin, long value, string tag, string name) =>
        new(value, [.. TagsOf(plugin), new(tag, JsonNamingPolicy.CamelCase.ConvertName(name))]);

    private static KeyValuePair<string, object?>[] TagsOf(PluginRecorder plugin) =>
    [
        new("plugin", plugin.Id),
        new("tier", plugin.Tier is { } tier ? JsonNamingPolicy.CamelCase.ConvertName(tier.ToString()) : "none"),
    ];
}

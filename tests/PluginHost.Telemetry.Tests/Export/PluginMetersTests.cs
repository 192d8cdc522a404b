using System.Diagnostics.Metrics;
using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Export;
using PluginHost.Telemetry.Recording;
using PluginHost.Telemetry.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Export;

public class PluginMetersTests
{
    [Fact]
    public void A_listener_sees_the_recorders_counts()
    {
        const string Id = "meters.test";
        using Recorder recorder = new(new RecorderOptions(), new ManualTimeProvider(), new ListLogger());
        MethodRecorder method = recorder.Plugin(Id, PluginTier.Process).Method("M.Do");
        method.InFlight(began: true);
        method.Completed(1, 1, 1);
        method.Ended(CallStatus.Timeout);
        recorder.Fault(Faults.Of(Id, kind: FaultKind.OutOfMemory));
        recorder.Restarted(Id, PluginTier.Process, "crash", 1, 2, TimeSpan.Zero);
        Dictionary<string, long> seen = [];
        using PluginMeters meters = new(recorder);
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "PluginHost")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            string[] values = [.. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")];
            if (values.Contains($"plugin={Id}"))
            {
                seen.Add($"{instrument.Name} {string.Join(' ', values[1..])}", value);
            }
        });
        listener.Start();

        listener.RecordObservableInstruments();

        Assert.Equal(1, seen["pluginhost.calls tier=process status=ok"]);
        Assert.Equal(1, seen["pluginhost.calls tier=process status=timeout"]);
        Assert.Equal(0, seen["pluginhost.calls tier=process status=error"]);
        Assert.Equal(1, seen["pluginhost.calls.in_flight tier=process"]);
        Assert.Equal(1, seen["pluginhost.faults tier=process kind=outOfMemory"]);
        Assert.Equal(1, seen["pluginhost.restarts tier=process cause=crash"]);
    }
}

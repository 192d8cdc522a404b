using System.Text;
using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Recording;
using PluginHost.Telemetry.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Recording;

public class StatsSnapshotTests
{
    [Fact]
    public void What_is_written_reads_back_equal()
    {
        byte[] written = Write(Example());

        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(Write(StatsSnapshot.Read(written))));
    }

    [Fact]
    public void The_json_has_the_tools_names_and_units()
    {
        using JsonDocument json = JsonDocument.Parse(Write(Example()));
        JsonElement tier = json.RootElement.GetProperty("tiers")[1];

        Assert.Equal("process", tier.GetProperty("tier").GetString());
        Assert.Equal(1, tier.GetProperty("calls").GetInt64());
        Assert.Equal(1, tier.GetProperty("restarts").GetInt64());
        Assert.Equal(50.0, tier.GetProperty("latency").GetProperty("p50Us").GetDouble(), tolerance: 1);
        Assert.Equal(1, tier.GetProperty("latency").GetProperty("samples").GetInt64());
        Assert.Equal("measured", tier.GetProperty("overhead").GetProperty("method").GetString());
        Assert.Equal("calibrated", json.RootElement.GetProperty("tiers")[0].GetProperty("overhead").GetProperty("method").GetString());
        JsonElement plugin = json.RootElement.GetProperty("plugins")[1];
        Assert.Equal(1, plugin.GetProperty("faultsByKind").GetProperty("stackOverflow").GetInt64());
        Assert.Equal(1, plugin.GetProperty("restartsByCause").GetProperty("crash").GetInt64());
        Assert.Equal(["Faulty.Throw", "M.Do"], plugin.GetProperty("methods").EnumerateArray().Select(method => method.GetProperty("method").GetString()));
    }

    [Fact]
    public void A_member_of_a_later_release_is_ignored()
    {
        string later = Encoding.UTF8.GetString(Write(Example())).Replace("\"tiers\":", "\"novelty\":{\"a\":[1]},\"tiers\":", StringComparison.Ordinal);

        Assert.Equal(2, StatsSnapshot.Read(Encoding.UTF8.GetBytes(later)).Tiers.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"at":"2026-01-01T00:00:00+00:00","since":"2026-01-01T00:00:00+00:00","windowSeconds":1,"plugins":null,"tiers":[]}""")]
    public void What_is_no_snapshot_is_refused(string text)
    {
        Assert.Throws<JsonException>(() => StatsSnapshot.Read(Encoding.UTF8.GetBytes(text)));
    }

    internal static StatsSnapshot Example()
    {
        ManualTimeProvider clock = new();
        using Recorder recorder = new(new RecorderOptions(), clock, new ListLogger());
        recorder.Plugin("p", PluginTier.InProcess).Method("M.Do").Sample(900);
        recorder.Plugin("p", PluginTier.Process).Method("M.Do").Completed(50_000, 20_000, 0);
        recorder.Fault(Faults.Of("p", kind: FaultKind.StackOverflow));
        recorder.Restarted("p", PluginTier.Process, "crash", 1, 2, TimeSpan.FromMilliseconds(45));
        recorder.SetCalibratedOverhead(3);
        clock.Advance(TimeSpan.FromSeconds(30));
        return recorder.Snapshot();
    }

    internal static byte[] Write(StatsSnapshot snapshot)
    {
        using MemoryStream stream = new();
        snapshot.Write(stream);
        return stream.ToArray();
    }
}

using System.Text.Json;
using PluginHost.Cli.Tests.Support;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>A short measurement has every figure; how large they are is for people to judge.</summary>
public sealed class BenchTaxCommandTests
{
    [Fact]
    public async Task It_tells_floors_and_both_tiers_with_every_figure()
    {
        ToolResult result = await Tool.RunAsync("bench", "tax", "--json", "--seconds", "1");

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal(
            ["interfaceCallCollectible", "interfaceCallPinned", "unixSocketPingPong", "sharedMemoryPingPong"],
            result.Json.GetProperty("floors").EnumerateArray().Select(floor => floor.GetProperty("name").GetString()!));
        JsonElement[] rows = [.. result.Json.GetProperty("tiers").EnumerateArray()];
        Assert.Equal(["inProcess", "process"], rows.Select(row => row.GetProperty("tier").GetString()!).Distinct());
        Assert.Equal(["pinned", "unloadable"], rows.Where(row => Is(row, "tier", "inProcess")).Select(row => row.GetProperty("mode").GetString()!).Distinct().Order());
        Assert.Equal(5, rows.Count(row => Is(row, "mode", "pinned")));
        Assert.Contains(rows, row => Is(row, "codec", "messagepack") && Is(row, "caller", "async") && row.GetProperty("token").GetBoolean());
        Assert.Contains(rows, row => Is(row, "codec", "json") && Is(row, "caller", "sync"));
        Assert.All(rows, row => Assert.True(row.GetProperty("sequential").GetProperty("p50Ns").GetDouble() > 0, row.GetRawText()));
        Assert.All(rows, row => Assert.True(row.GetProperty("inFlight64").GetProperty("callsPerSecond").GetDouble() > 0, row.GetRawText()));
        Assert.All(rows, row => Assert.True(row.GetProperty("sparse").GetProperty("p50Ns").GetDouble() > 0, row.GetRawText()));
        Assert.All(rows, row => Assert.True(row.GetProperty("timesFloor").GetDouble() > 0, row.GetRawText()));
        Assert.Equal(12, result.Json.GetProperty("tax").GetArrayLength());
        Assert.Equal(
            ["async ring", "async socket", "sync ring", "sync socket"],
            rows.Where(row => Is(row, "codec", "messagepack")).Select(row => $"{row.GetProperty("caller")} {row.GetProperty("transport")}").Distinct().Order(StringComparer.Ordinal));
        JsonElement[] musts = [.. result.Json.GetProperty("musts").EnumerateArray()];
        Assert.Equal(12, musts.Length);
        Assert.All(musts, must => Assert.True(must.GetProperty("must").GetDouble() >= 0 && must.GetProperty("value").GetDouble() >= 0, must.GetRawText()));
    }

    private static bool Is(JsonElement row, string member, string value) => row.GetProperty(member).GetString() == value;
}

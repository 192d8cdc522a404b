using System.Text.Json;
using PluginHost.Cli.Tests.Support;
using PluginHost.TestKit;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>The demo shows what it promises, on the real samples.</summary>
public sealed class DemoCommandTests(DemoRun demo)
{
    [Fact]
    public void It_ends_well_and_every_check_holds()
    {
        Assert.True(demo.ExitCode == 0, demo.Errors);
        Assert.All(demo.Json.GetProperty("checks").EnumerateArray(), check => Assert.True(check.GetProperty("ok").GetBoolean(), check.GetRawText()));
    }

    [Theory]
    [InlineData("plugins", "id version requestedTrust grantedTrust tier state generation reasons")]
    [InlineData("calls", "plugin method tier ok microseconds result")]
    [InlineData("faults", "plugin tier kind generation at message exitCode signal stderrTail")]
    [InlineData("restarts", "plugin tier cause fromGeneration toGeneration milliseconds")]
    [InlineData("tiers", "tier calls errors faults restarts latency overhead")]
    public void Its_document_has_the_agreed_members(string list, string members)
    {
        JsonElement[] rows = [.. demo.Json.GetProperty(list).EnumerateArray()];

        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.All(members.Split(' '), member => Assert.True(row.TryGetProperty(member, out _), $"{list}: {member}")));
    }

    [Fact]
    public void Both_tiers_have_calls_and_latency_and_overhead()
    {
        Assert.Equal(["inProcess", "process"], Strings("tiers", "tier"));
        foreach (JsonElement tier in demo.Json.GetProperty("tiers").EnumerateArray())
        {
            Assert.True(tier.GetProperty("calls").GetInt64() > 0);
            Assert.True(tier.GetProperty("latency").GetProperty("samples").GetInt64() > 0);
            Assert.True(tier.GetProperty("latency").GetProperty("p50Us").GetDouble() > 0);
            Assert.Contains(tier.GetProperty("overhead").GetProperty("method").GetString(), (string[])["measured", "calibrated"]);
        }
    }

    [Fact]
    public void Markdown_ran_in_both_tiers()
    {
        string[] tiers =
        [
            .. demo.Json.GetProperty("plugins").EnumerateArray()
                .Where(plugin => plugin.GetProperty("id").GetString() == "samples.markdown").Select(plugin => plugin.GetProperty("tier").GetString()!),
        ];

        Assert.Equal(["inProcess", "process"], tiers);
    }

    [Fact]
    public void Three_languages_gave_the_same_result_for_the_same_call()
    {
        JsonElement[] calls =
        [
            .. demo.Json.GetProperty("calls").EnumerateArray()
                .Where(call => call.GetProperty("method").GetString() == "WordCount.Count" && call.GetProperty("ok").GetBoolean()),
        ];

        Assert.Equal(
            ["samples.wordcount-dotnet", "samples.wordcount", "samples.wordcount-python"], calls.Select(call => call.GetProperty("plugin").GetString()));
        Assert.Single(calls.Select(call => call.GetProperty("result").GetString()).Distinct());
    }

    [Fact]
    public void At_least_four_kinds_of_fault_and_three_restarts_are_told()
    {
        Assert.True(Strings("faults", "kind").Distinct().Count() >= 4, string.Join(", ", Strings("faults", "kind")));
        Assert.True(demo.Json.GetProperty("restarts").GetArrayLength() >= 3);
        Assert.Contains(demo.Json.GetProperty("faults").EnumerateArray(), fault => fault.GetProperty("signal").ValueKind == JsonValueKind.String);
        Assert.Contains(demo.Json.GetProperty("faults").EnumerateArray(), fault => fault.GetProperty("exitCode").ValueKind == JsonValueKind.Number);
    }

    [Fact]
    public void No_process_that_it_started_is_left()
    {
        Assert.NotEmpty(demo.Children);
        Assert.All(demo.Children, pid => Assert.False(ProcessLife.IsAlive(pid)));
    }

    private string[] Strings(string list, string member) =>
        [.. demo.Json.GetProperty(list).EnumerateArray().Select(row => row.GetProperty(member).GetString()!)];
}

using System.Text.Json.Nodes;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>A start whose own messages do not go through.</summary>
public sealed class StartMessageTests
{
    [Theory]
    [InlineData("shared")]
    [InlineData("per-call")]
    public async Task A_limit_on_messages_that_the_start_does_not_fit_into_is_a_failed_start_that_names_it(string isolation)
    {
        await using SampleHost host = await SampleHost.StartAsync(
            PluginTier.Process,
            change: json =>
            {
                json["limits"] = new JsonObject { ["message"] = "1KiB" };
                json["settings"] = new JsonObject { ["text"] = new string('x', 2000) };
                json["isolation"] = isolation;
            },
            ids: [SampleHost.Features]);

        PluginStatus status = host.Status(SampleHost.Features);
        FaultRecord record = host.Runtime.Faults[0];

        Assert.Contains(status.State, new[] { PluginState.BackingOff, PluginState.Quarantined });
        Assert.Equal(FaultKind.StartFailure, record.Kind);
        Assert.Contains("its start failed. The arguments of $/pluginhost/load cannot be sent", record.Message, StringComparison.Ordinal);
        Assert.Contains("limits.message", record.Remedy, StringComparison.Ordinal);
    }
}

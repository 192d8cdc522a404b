using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>Programs send no heartbeats: which of them count as hung.</summary>
public sealed class ProgramHangTests
{
    private static readonly HangOptions s_hangs = new()
    {
        Heartbeat = TimeSpan.FromMilliseconds(100),
        UnresponsiveAfter = TimeSpan.FromMilliseconds(500),
        TerminateAfter = TimeSpan.FromSeconds(1),
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_answers_nothing_for_longer_than_a_call_may_take_is_ended_and_the_next_call_works()
    {
        await using ProgramHost host = await StartAsync("""
            def answer(call):
                while call["method"] == "WordCount.Count" and call["params"][0] == "loop": pass
                return counts
            serve(answer)
            """);

        await Assert.ThrowsAsync<PluginTimeoutException>(() => host.Plugin.CountAsync("loop", 1, Token));
        while (host.Status.Generation == 1 || host.Status.WorkerPid is null)
        {
            await Task.Yield();
        }

        await host.Plugin.CountAsync("text", 1, Token);
        FaultRecord record = Assert.Single(host.Runtime.Faults, f => f.Kind == FaultKind.Hang);
        Assert.Equal((1, "SIGKILL"), (record.Generation, record.Signal));
        Assert.Contains("no sign of life", record.Message, StringComparison.Ordinal);
        Assert.Contains("processor time", record.RemoteStack, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_answers_a_ping_with_an_error_lives_whatever_becomes_of_a_call()
    {
        ListLogger logs = new();
        await using ProgramHost host = await StartAsync(
            """
            while True:
                call = read()
                if call.get("method") == "$/pluginhost/ping": print("pinged", file=sys.stderr, flush=True)
                if "id" not in call or (call.get("params") or [None])[0] == "never": continue
                if call["method"].startswith("$/pluginhost/"): write({"id": call["id"], "error": {"code": -32601, "message": "no"}})
                else: write({"id": call["id"], "result": counts})
            """,
            logs);

        await Assert.ThrowsAsync<PluginTimeoutException>(() => host.Plugin.CountAsync("never", 1, Token));

        // A ping every 100 ms: this is twice the time that one which is silent has.
        while (logs.Messages().Count(m => m.Contains("pinged", StringComparison.Ordinal)) < 40)
        {
            await Task.Delay(50, Token);
        }

        await host.Plugin.CountAsync("text", 1, Token);
        Assert.Equal(1, host.Status.Generation);
        Assert.DoesNotContain(host.Runtime.Faults, f => f.Kind == FaultKind.Hang);
    }

    private static Task<ProgramHost> StartAsync(string program, ILoggerFactory? logs = null) => ProgramHost.PythonAsync(
        program,
        callTimeout: TimeSpan.FromSeconds(1),
        change: (_, options) => options with { Hangs = s_hangs, LoggerFactory = logs ?? options.LoggerFactory });
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests.OutOfProcess;

/// <summary>Programs of other languages in several workers, and in one for each call.</summary>
public sealed class ProgramWorkersTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    // Says which process it is, and whether it has served a call before; "slow" takes a while.
    private const string Program = """
        served = 0
        def answer(call):
            global served
            if call["method"].startswith("$/"): return None
            served += 1
            if call["params"][0] == "slow": time.sleep(0.7)
            if call["params"][0] == "die": os._exit(3)
            if call["params"][0] == "close":
                os.close(1)
                time.sleep(600)
            return {**counts, "words": os.getpid(), "lines": served}
        serve(answer)
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_workers_of_a_program_share_its_calls_and_one_that_ends_is_replaced()
    {
        await using ProgramHost host = await StartAsync(json => json["workers"] = 2);
        Task<WordCounts>[] calls = [host.Plugin.CountAsync("slow", 0, Cancelled), host.Plugin.CountAsync("slow", 0, Cancelled)];

        int[] pids = [.. (await Task.WhenAll(calls)).Select(c => c.Words)];
        Kill(pids[0]);
        await UntilAsync(() => host.Status.Workers.All(w => w.State == WorkerState.Ready) && host.Runtime.Restarts.Count == 1);
        WordCounts again = await host.Plugin.CountAsync("quick", 0, Cancelled);
        int[] after = [.. host.Status.Workers.Select(w => w.Pid!.Value)];

        Assert.Equal(2, pids.Distinct().Count());
        FaultRecord record = Assert.Single(host.Runtime.Faults);
        Assert.Equal((FaultKind.Signal, pids[0]), (record.Kind, record.WorkerPid));
        Assert.Contains(pids[1], after);
        Assert.DoesNotContain(pids[0], after);
        Assert.Contains(again.Words, after);
        Assert.Equal(1, host.Status.Generation);
    }

    [Fact]
    public async Task A_program_with_a_worker_for_every_call_serves_one_call_a_process_and_leaves_none()
    {
        List<int> pids = [];
        await using (ProgramHost host = await StartAsync(json => json["isolation"] = "per-call"))
        {
            for (int call = 0; call < 3; call++)
            {
                WordCounts counts = await host.Plugin.CountAsync("quick", 0, Cancelled);
                Assert.Equal(1, counts.Lines);
                pids.Add(counts.Words);
            }

            // It may be tried once more, in another worker: that one dies of it too.
            PluginFaultException death = await Assert.ThrowsAsync<PluginFaultException>(() => host.Plugin.CountAsync("die", 0, Cancelled));
            await UntilAsync(() => host.Runtime.Faults.Count == 2);
            Assert.Contains(death.FaultId, host.Runtime.Faults.Select(f => f.Id));
            Assert.All(host.Runtime.Faults, f => Assert.Equal((FaultKind.Exit, 3, 1), (f.Kind, f.ExitCode, f.CallsInFlight)));
            pids.AddRange(host.Runtime.Faults.Select(f => f.WorkerPid!.Value));
            pids.AddRange(host.Status.Workers.Select(w => w.Pid!.Value));
            Assert.Equal((PluginState.Ready, 1), (host.Status.State, host.Status.Generation));
        }

        Assert.True(pids.Distinct().Count() >= 5);
        Assert.All(pids, pid => Assert.False(ProcessLife.IsAlive(pid)));
    }

    [Fact]
    public async Task One_that_closes_its_channel_and_lives_on_is_killed_as_a_lost_connection_that_says_so()
    {
        await using ProgramHost host = await StartAsync(_ => { });

        PluginFaultException lost = await Assert.ThrowsAsync<PluginFaultException>(() => host.Plugin.CountAsync("close", 0, Cancelled));
        await UntilAsync(() => host.Runtime.Faults.Count == 2);

        // It is tried once more, in the next generation.
        Assert.Equal(FaultKind.ConnectionLost, lost.Kind);
        Assert.All(host.Runtime.Faults, f => Assert.Equal(FaultKind.ConnectionLost, f.Kind));
        Assert.All(host.Runtime.Faults, f => Assert.Contains("closed its channel, lived on and was killed by the host", f.Message, StringComparison.Ordinal));
    }

    private static void Kill(int pid)
    {
        using Process worker = Process.GetProcessById(pid);
        worker.Kill();
    }

    private static Task<ProgramHost> StartAsync(Action<JsonNode> change) => ProgramHost.PythonAsync(Program, change: (json, options) =>
    {
        change(json);
        return options;
    });

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_long, "It did not come to that.");
            await Task.Delay(5, Cancelled);
        }
    }
}

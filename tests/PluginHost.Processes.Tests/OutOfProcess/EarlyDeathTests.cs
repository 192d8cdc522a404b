using Fixtures;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Processes.Tests.OutOfProcess;

/// <summary>A killed worker's threads leave at once, and its memory is given back for a while after: what is known when.</summary>
public sealed class EarlyDeathTests : IAsyncDisposable
{
    private const int Rounds = 20;
    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack);

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    [Fact]
    public async Task A_killed_worker_is_known_to_be_dead_and_why_while_the_kernel_still_takes_back_its_memory()
    {
        RequireThreadDescriptors();
        bool wasEarly = false;

        // This test's own thread may come too late to see it on a busy machine, so it looks more than once.
        for (int round = 1; round <= Rounds && !wasEarly; round++)
        {
            FixtureWorker worker = await _workers.StartAsync("""{"start":"locked"}""", generation: round);
            _ = Libc.kill(worker.Pid, Signals.Kill);

            FaultRecord died = await worker.Instance.Died.WaitAsync(Shell.Long);
            wasEarly = Directory.Exists($"/proc/{worker.Pid}");

            Assert.Equal((FaultKind.Signal, "SIGKILL"), (died.Kind, died.Signal));
            Eventually.True(() => !Directory.Exists($"/proc/{worker.Pid}"), "It was not reaped.");
        }

        Assert.True(wasEarly, "Each time it was reaped before its death was told.");
    }

    [Fact]
    public async Task The_next_worker_gets_the_files_and_locks_that_a_killed_one_still_held_when_its_death_was_told()
    {
        using RecordingTier tier = new(_workers.Options);
        IPluginInstance first = await StartAsync(tier, 1);
        Eventually.True(() => tier.Tier.Spares.Ready == 1, "A spare stands ready.");

        _ = Libc.kill(first.WorkerPid!.Value, Signals.Kill);
        await first.Died.WaitAsync(Shell.Long);
        IPluginInstance second = await StartAsync(tier, 2);

        Assert.NotEqual(first.WorkerPid, second.WorkerPid);
        await second.DisposeAsync();
        await first.DisposeAsync();
    }

    [Theory]
    [InlineData("exit 3", 3, null)]
    [InlineData("kill -ABRT $$", null, 6)]
    public async Task The_status_that_is_told_early_is_the_one_of_the_end(string script, int? code, int? signal)
    {
        WorkerProcess process = await Shell.StartAsync("sleep 0.1; " + script, environment: new() { ["PATH"] = "/usr/bin:/bin" });
        process.WatchThreads();

        ProcessExit ending = await process.Ending.WaitAsync(Shell.Long);

        Assert.Equal(new ProcessExit(code, signal), ending);
        Assert.Equal(ending, await process.Exited.WaitAsync(Shell.Long));
        process.Channel.Dispose();
    }

    private static void RequireThreadDescriptors()
    {
        int thread = WorkerThreads.Oldest(Environment.ProcessId, 1)[0];
        int descriptor = Libc.ThreadPidfdOpen(thread);
        Assert.SkipWhen(descriptor < 0, "This kernel has no descriptors of threads (Linux 6.9): a death is told when the process has ended.");
        _ = Libc.close(descriptor);
    }

    private Task<IPluginInstance> StartAsync(RecordingTier tier, int generation) => tier.Tier.StartAsync(
        FixtureRequest.Create(FixtureWorkers.Folder, _workers.Data, _workers.Observer, _workers.Logger, """{"start":"locked"}""", generation: generation),
        CancellationToken.None);

    /// <summary>One tier for several starts, as the engine has it.</summary>
    private sealed class RecordingTier(ProcessTierOptions options) : IDisposable
    {
        public ProcessTier Tier { get; } = new(options with { Spares = new SpareOptions { PerClass = 1, RefillDelay = TimeSpan.Zero } }, TimeProvider.System);

        public void Dispose() => Tier.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}

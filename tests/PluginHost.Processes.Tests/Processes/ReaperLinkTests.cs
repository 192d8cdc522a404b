using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Processes.Tests.Support;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.TestKit;

namespace PluginHost.Processes.Tests.Processes;

/// <summary>What a child has started ends with it while the host lives on.</summary>
public sealed class ReaperLinkTests : IAsyncLifetime
{
    private static readonly TimeSpan s_allowed = TimeSpan.FromSeconds(2);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await WorkerSpawner.Shared.EndRemainsAsync(Shell.Long, TimeProvider.System);

    [Fact]
    public async Task A_program_that_has_left_its_workers_group_ends_with_the_worker()
    {
        WorkerProcess child = await StartAsync("setsid sleep 600 & echo $!; exec sleep 600");
        int far = await FirstNumberAsync(child);
        WorkerProcess neighbour = await StartAsync("setsid sleep 600 & echo $!; exec sleep 600");
        int neighbours = await FirstNumberAsync(neighbour);

        child.Kill();

        Assert.True(await ProcessLife.DiesAsync(far, s_allowed));
        Assert.True(ProcessLife.IsAlive(neighbours));
        await EndAsync(child, neighbour);
        Assert.True(await ProcessLife.DiesAsync(neighbours, s_allowed));
    }

    [Fact]
    public async Task A_program_that_starts_others_for_ever_ends_with_the_worker()
    {
        WorkerProcess child = await StartAsync("setsid sh -c 'while :; do sleep 600 & sleep 0.01; done' & echo $!; exec sleep 600");
        int far = await FirstNumberAsync(child);

        child.Kill();

        Assert.True(await ProcessLife.DiesAsync(far, s_allowed));
        await EndAsync(child);
    }

    [Fact]
    public async Task A_reaper_that_was_killed_is_replaced_and_knows_the_children()
    {
        WorkerProcess child = await StartAsync("exec sleep 600");
        int first = Reaper();

        // One that ends in its first second is not replaced before the next child: it would end again.
        await Task.Delay(TimeSpan.FromSeconds(1.2));
        _ = Libc.kill(first, Signals.Kill);

        Eventually.True(() => ProcessLife.ChildrenOf(Environment.ProcessId).Any(p => p != first && VictimHost.IsReaper(p)), "No other reaper came.");
        await EndAsync(child);
    }

    [Fact]
    public async Task Where_no_child_runs_the_remains_are_ended_and_the_reaper_goes()
    {
        WorkerProcess child = await StartAsync("setsid sleep 600 & echo $!");
        int far = await FirstNumberAsync(child);
        await child.Exited.WaitAsync(Shell.Long);
        int reaper = Reaper();

        await WorkerSpawner.Shared.EndRemainsAsync(Shell.Long, TimeProvider.System);

        Assert.False(ProcessLife.IsAlive(far));
        Assert.False(ProcessLife.IsAlive(reaper));
        await EndAsync(child);
    }

    [Fact]
    public async Task A_worker_starts_where_no_reaper_can()
    {
        RecordingLogger log = new();

        WorkerProcess child = await WorkerSpawner.Shared.SpawnAsync(Request("echo 7", "/nowhere/PluginHost.Worker.dll", log));

        Assert.Equal(0, (await child.Exited.WaitAsync(Shell.Long)).ExitCode);
        await EndAsync(child);
    }

    private static int Reaper() => ProcessLife.ChildrenOf(Environment.ProcessId).Single(VictimHost.IsReaper);

    private static Task<WorkerProcess> StartAsync(string script) =>
        WorkerSpawner.Shared.SpawnAsync(Request(script, WorkerCommand.ProgramOf(new ProcessTierOptions()), NullLogger.Instance));

    private static SpawnRequest Request(string script, string program, Microsoft.Extensions.Logging.ILogger logger) => new()
    {
        FileName = "/bin/sh",
        Arguments = ["-c", script],
        Environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin" },
        WorkingDirectory = "/",
        Logger = logger,
        Owner = new ChildOwner(program, "shell", Record: null),
    };

    private static Task<int> FirstNumberAsync(WorkerProcess process)
    {
        Eventually.True(() => process.OutputTail() is not null, "It printed nothing.");
        return Task.FromResult(int.Parse(process.OutputTail()!.Split('\n')[0], CultureInfo.InvariantCulture));
    }

    private static async Task EndAsync(params WorkerProcess[] processes)
    {
        foreach (WorkerProcess process in processes)
        {
            process.Kill();
            await process.Exited.WaitAsync(Shell.Long);
            process.Channel.Dispose();
        }
    }
}

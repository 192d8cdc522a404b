using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class WorkerStartTests : IAsyncLifetime
{
    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    [Theory]
    [InlineData("throw", "start refused")]
    [InlineData("throw-in-constructor", "not in the mood")]
    [InlineData("exit", "last words before exit")]
    [InlineData("overflow", "Stack overflow.")]
    public async Task A_start_that_fails_says_why_and_leaves_no_worker(string start, string said)
    {
        PluginFaultException failed = await Assert.ThrowsAsync<PluginFaultException>(() => _workers.StartAsync($$"""{"start":"{{start}}"}"""));

        Assert.Equal(FaultKind.StartFailure, failed.Kind);
        Assert.Contains(said, failed.Message);
    }

    [Fact]
    public async Task A_start_that_never_ends_is_killed_at_its_deadline()
    {
        _workers.Options = _workers.Options with { StartTimeout = TimeSpan.FromMilliseconds(1500) };

        PluginFaultException failed = await Assert.ThrowsAsync<PluginFaultException>(() => _workers.StartAsync("""{"start":"never"}"""));

        Assert.Equal(FaultKind.StartFailure, failed.Kind);
        Assert.Contains("StartTimeout", failed.Remedy);
        Assert.Contains("was killed", failed.Message);
    }

    [Fact]
    public async Task A_missing_worker_program_is_named_with_the_remedy()
    {
        _workers.Options = _workers.Options with { WorkerFolder = "/nowhere/worker" };

        PluginFaultException failed = await Assert.ThrowsAsync<PluginFaultException>(() => _workers.StartAsync());

        Assert.Contains("/nowhere/worker/PluginHost.Worker.dll", failed.Message);
        Assert.Contains("worker", failed.Remedy);
    }

    [Fact]
    public async Task A_worker_started_by_hand_says_what_it_is()
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [WorkerCommand.ProgramOf(new ProcessTierOptions())]) { RedirectStandardError = true })!;

        string said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(WorkerExitCodes.BadArguments, process.ExitCode);
        Assert.Contains("pluginhost run", said);
    }

    [Fact]
    public async Task A_worker_whose_parent_is_another_process_ends_at_once()
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", [WorkerCommand.ProgramOf(new ProcessTierOptions())])
        {
            Environment = { [WorkerEnvironment.Descriptor] = "3", [WorkerCommand.HostPidVariable] = "1" },
        })!;

        await process.WaitForExitAsync();

        Assert.Equal(WorkerExitCodes.ParentGone, process.ExitCode);
    }

    [Fact]
    public async Task A_worker_outlives_the_thread_that_asked_for_it()
    {
        FixtureWorker? worker = null;
        Thread asking = new(() => worker = _workers.StartAsync().GetAwaiter().GetResult());
        asking.Start();
        asking.Join();

        // The kernel's signal for the end of a parent thread comes with that end.
        await Task.Delay(TimeSpan.FromSeconds(FixtureWorkers.IsSoak ? 60 : 1));

        Assert.Equal(2, worker!.Plugin.Add(1, 1));
    }

    [Fact]
    public async Task A_host_that_is_killed_takes_its_workers_along()
    {
        using Process host = Process.Start(new ProcessStartInfo("dotnet", [FixtureWorkers.HostVictim, FixtureWorkers.Folder, _workers.Data]) { RedirectStandardOutput = true })!;
        string line = await host.StandardOutput.ReadLineAsync() ?? "";
        int[] pids = [.. line.Split(' ').Select(int.Parse)];
        Assert.Equal(2, pids.Length);
        Assert.All(pids, p => Assert.True(Eventually.IsRunning(p)));

        host.Kill();

        Assert.True(SpinWait.SpinUntil(() => pids.All(p => !Eventually.IsRunning(p)), TimeSpan.FromSeconds(2)), "A worker outlived its host.");
    }

    [Fact]
    public async Task Generations_that_come_and_go_leave_no_descriptor_and_no_process()
    {
        await (await _workers.StartAsync()).Instance.DisposeAsync();
        HashSet<string> before = OpenDescriptors.Now();
        List<int> pids = [];

        for (int i = 0; i < 5; i++)
        {
            FixtureWorker worker = await _workers.StartAsync(generation: i + 2);
            pids.Add(worker.Pid);
            if (i % 2 == 0)
            {
                _ = Libc.kill(worker.Pid, Signals.Kill);
                await worker.Instance.Died.WaitAsync(Shell.Long);
            }

            await worker.Instance.DisposeAsync();
        }

        Eventually.True(() => OpenDescriptors.Now().IsSubsetOf(before), string.Join('\n', OpenDescriptors.Now().Except(before)));
        Assert.All(pids, p => Assert.False(Directory.Exists($"/proc/{p}")));
    }
}

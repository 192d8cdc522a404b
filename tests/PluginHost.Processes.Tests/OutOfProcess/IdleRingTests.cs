using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class IdleRingTests
{
    // The name of the connection's reading thread, as the system cuts it.
    private const string Reader = "pluginhost work";
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Ten_idle_seconds_cost_a_worker_and_its_connection_less_than_ten_milliseconds_of_a_processor()
    {
        await using FixtureWorkers workers = new(RpcCodec.MessagePack) { Options = new ProcessTierOptions { Transport = WorkerTransport.Ring } };
        FixtureWorker worker = await workers.StartAsync();
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(i + 1, worker.Plugin.Add(i, 1));
            await worker.Plugin.EchoAsync("not idle yet", CancellationToken.None);
        }

        await RestAsync(worker.Pid);
        IReadOnlyDictionary<string, long> workerBefore = CpuTime.Of(worker.Pid);
        IReadOnlyDictionary<string, long> readerBefore = CpuTime.Of(Environment.ProcessId, Reader);
        await Task.Delay(s_idle);

        Assert.InRange(CpuTime.Between(workerBefore, CpuTime.Of(worker.Pid)), TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
        Assert.NotEmpty(readerBefore);
        Assert.InRange(CpuTime.Between(readerBefore, CpuTime.Of(Environment.ProcessId, Reader)), TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
        Assert.Equal(5, worker.Plugin.Add(2, 3));
    }

    /// <summary>Waits until a worker has nothing more to do: the compiler still works on what was called last.</summary>
    private static async Task RestAsync(int pid)
    {
        for (int i = 0; i < 30; i++)
        {
            IReadOnlyDictionary<string, long> before = CpuTime.Of(pid);
            await Task.Delay(s_settling);
            if (CpuTime.Between(before, CpuTime.Of(pid)) < TimeSpan.FromMilliseconds(1))
            {
                return;
            }
        }

        Assert.Fail("The worker does not come to rest.");
    }
}

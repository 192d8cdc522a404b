using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.OutOfProcess;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class IdleRingTests
{
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

        // The compiler still has to do with what was just called.
        await Until(() => CpuTime.OfProcess(worker.Pid), grownLessThan: TimeSpan.FromMilliseconds(1));
        TimeSpan workerBefore = CpuTime.OfProcess(worker.Pid);
        TimeSpan readerBefore = CpuTime.OfThreads(Environment.ProcessId, "pluginhost fixt");
        await Task.Delay(s_idle);

        Assert.InRange(CpuTime.OfProcess(worker.Pid) - workerBefore, TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
        Assert.InRange(CpuTime.OfThreads(Environment.ProcessId, "pluginhost fixt") - readerBefore, TimeSpan.Zero, TimeSpan.FromMilliseconds(1));
        Assert.Equal(5, worker.Plugin.Add(2, 3));
    }

    private static async Task Until(Func<TimeSpan> time, TimeSpan grownLessThan)
    {
        for (int i = 0; i < 30; i++)
        {
            TimeSpan before = time();
            await Task.Delay(s_settling);
            if (time() - before < grownLessThan)
            {
                return;
            }
        }

        Assert.Fail("The worker does not come to rest.");
    }
}

using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Resilience;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Processes.Tests.OutOfProcess;

/// <summary>Real workers that are stopped, loop, or starve themselves: which are ended as hung, and what is known of them then.</summary>
public sealed class HangTests : IAsyncDisposable
{
    private const int Unresponsive = 6004;
    private const int Responsive = 6005;
    private const int PoolStarved = 6006;
    private const int Continue = 18;

    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack)
    {
        Options = new ProcessTierOptions
        {
            StopGrace = TimeSpan.FromSeconds(1),
            TerminateGrace = TimeSpan.FromMilliseconds(200),
            Hangs = new HangOptions
            {
                Heartbeat = TimeSpan.FromMilliseconds(100),
                UnresponsiveAfter = TimeSpan.FromSeconds(1),
                TerminateAfter = TimeSpan.FromSeconds(2),
            },
        },
    };

    private string Marker => Path.Combine(_workers.Data, "marker");

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    [Fact]
    public async Task A_dump_that_is_asked_for_is_written_before_the_kill_for_this_user_only_and_the_record_says_where()
    {
        string folder = Path.Combine(_workers.Data, "dumps");
        _workers.Options = _workers.Options with { Hangs = _workers.Options.Hangs with { DumpFolder = folder, MostDumps = 1 } };
        FixtureWorker first = await _workers.StartAsync();
        FixtureWorker second = await _workers.StartAsync(generation: 2);

        FaultRecord record = await StopAsync(first);
        FaultRecord later = await StopAsync(second);

        string dump = Assert.Single(Directory.GetFiles(folder));
        Assert.StartsWith($"fixture-1-{first.Pid}-", Path.GetFileName(dump));
        Assert.Contains($"A minidump is in {dump}.", record.Message);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(dump).UnixFileMode);
        Assert.Equal("\u007fELF"u8, File.ReadAllBytes(dump).AsSpan(0, 4));
        Assert.Equal((FaultKind.Hang, false), (later.Kind, later.Message.Contains("minidump")));
        Assert.Contains(_workers.Logger.Events, e => e.Id.Id == 6007 && e.Message.Contains("holds 1 dumps already"));

        async Task<FaultRecord> StopAsync(FixtureWorker worker)
        {
            Task call = worker.Plugin.HangAsync(Marker + worker.Pid, CancellationToken.None);
            Assert.Equal(0, Libc.kill(worker.Pid, Signals.Stop));
            FaultRecord died = await worker.Instance.Died.WaitAsync(Shell.Long);
            await Assert.ThrowsAsync<PluginFaultException>(() => call);
            return died;
        }
    }

    [Fact]
    public async Task A_stopped_worker_with_a_call_pending_is_killed_and_the_record_says_what_it_was_to_answer()
    {
        FixtureWorker worker = await _workers.StartAsync();
        Task call = worker.Plugin.WaitAsync(Marker, CancellationToken.None);
        Eventually.True(() => File.Exists(Marker + ".began"), "the call began");

        Assert.Equal(0, Libc.kill(worker.Pid, Signals.Stop));
        FaultRecord record = await worker.Instance.Died.WaitAsync(Shell.Long);

        PluginFaultException fault = await Assert.ThrowsAsync<PluginFaultException>(() => call);
        Assert.Equal((FaultKind.Hang, "Fixture.Wait", "SIGKILL"), (record.Kind, record.Method, record.Signal));
        Assert.Contains("no sign of life", record.Message);
        Assert.Contains("it was to answer Fixture.Wait", record.Message);
        Assert.Contains("(state T)", record.Message);
        Assert.Contains("stopped", record.RemoteStack);
        Assert.Equal((FaultKind.Hang, 1), (fault.Kind, fault.Generation));
        Assert.Single(_workers.Logger.Events, e => e.Id.Id == Unresponsive);
        Assert.False(Eventually.IsRunning(worker.Pid));
    }

    [Fact]
    public async Task One_that_goes_on_before_the_limit_loses_nothing()
    {
        _workers.Options = _workers.Options with { Hangs = _workers.Options.Hangs with { TerminateAfter = TimeSpan.FromMinutes(5) } };
        FixtureWorker worker = await _workers.StartAsync();
        using CancellationTokenSource enough = new();
        Task call = worker.Plugin.WaitAsync(Marker, enough.Token);
        Eventually.True(() => File.Exists(Marker + ".began"), "the call began");

        Assert.Equal(0, Libc.kill(worker.Pid, Signals.Stop));
        await _workers.Logger.WaitForAsync(e => e.Id.Id == Unresponsive);
        Assert.Equal(0, Libc.kill(worker.Pid, Continue));
        await _workers.Logger.WaitForAsync(e => e.Id.Id == Responsive);

        Assert.Equal(5, worker.Plugin.Add(2, 3));
        Assert.False(call.IsCompleted);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.False(worker.Instance.Died.IsCompleted);
    }

    [Fact]
    public async Task An_endless_loop_is_a_time_out_first_and_a_hang_when_it_does_not_let_go()
    {
        FixtureWorker worker = await _workers.StartAsync(limits: new PluginLimits { CallTimeout = TimeSpan.FromSeconds(1) });

        PluginTimeoutException late = Assert.Throws<PluginTimeoutException>(() => worker.Plugin.Spin(CancellationToken.None));
        int sum = worker.Plugin.Add(2, 3);
        FaultRecord record = await worker.Instance.Died.WaitAsync(Shell.Long);

        Assert.Equal(FaultKind.Timeout, late.Kind);
        Assert.Equal(5, sum);
        Assert.Equal((FaultKind.Hang, "Fixture.Spin"), (record.Kind, record.Method));
        Assert.Contains("has gone on with Fixture.Spin", record.Message);
        Assert.Contains("asked to stop", record.Message);
        Assert.Contains("running", record.RemoteStack);
    }

    [Fact]
    public async Task A_long_call_and_a_starved_pool_are_busy_and_not_dead()
    {
        FixtureWorker worker = await _workers.StartAsync(limits: new PluginLimits { CallTimeout = TimeSpan.FromMinutes(1) });

        // A pool begins with a thread a core and gets another twice a second: with so much to do it comes free far behind the limit for a silent worker.
        worker.Plugin.StarvePool((4 * Environment.ProcessorCount) + 6, 1500);

        // Its second half needs the pool.
        int sum = await worker.Plugin.AddLaterAsync(2, 3, CancellationToken.None);

        Assert.Equal(5, sum);
        Assert.Single(_workers.Logger.Events, e => e.Id.Id == PoolStarved);
        Assert.DoesNotContain(_workers.Logger.Events, e => e.Id.Id == Unresponsive);
        Assert.False(worker.Instance.Died.IsCompleted);
    }

    [Fact]
    public async Task A_worker_that_does_not_take_the_request_to_stop_gets_no_time_to_drain()
    {
        FixtureWorker worker = await _workers.StartAsync();
        Assert.Equal(0, Libc.kill(worker.Pid, Signals.Stop));

        await worker.Instance.StopAsync(TimeSpan.FromMinutes(10), CancellationToken.None).WaitAsync(Shell.Long);

        Assert.False(Eventually.IsRunning(worker.Pid));
        Assert.False(worker.Instance.Died.IsCompleted);
    }

    [Fact]
    public async Task A_worker_that_drains_says_at_once_that_it_will_and_is_waited_for()
    {
        // No heartbeat comes by itself within the time that a request to stop has to be taken.
        HangOptions seldom = new() { Heartbeat = TimeSpan.FromMinutes(1), UnresponsiveAfter = Timeout.InfiniteTimeSpan, TerminateAfter = Timeout.InfiniteTimeSpan };
        _workers.Options = _workers.Options with { Hangs = seldom };
        FixtureWorker worker = await _workers.StartAsync();
        Task<long> call = worker.Plugin.BlockAsync(2000);
        Eventually.True(() => _workers.Observer.InFlightNow == 1, "the call is under way");

        Task stop = worker.Instance.StopAsync(TimeSpan.FromMinutes(10), CancellationToken.None);
        long blocked = await call;
        await stop.WaitAsync(Shell.Long);

        Assert.Equal(2000, blocked);
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(_workers.Data, "disposed")));
    }
}

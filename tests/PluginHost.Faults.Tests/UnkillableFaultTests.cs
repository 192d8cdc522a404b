using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Faults.Tests.Support;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Faults.Tests;

/// <summary>A worker that does not end after SIGKILL: only the kernel can make one, so this is a process that is none, under a virtual clock.</summary>
public sealed class UnkillableFaultTests : IAsyncLifetime
{
    // No process group has this number.
    private const int Nobody = int.MaxValue;
    private const int AbandonedEvent = 5003;
    private static readonly ContractDescriptor s_contract = ContractDescriptor.Find(typeof(IFaulty))!;
    private readonly ManualTimeProvider _clock = new();
    private readonly ListLogger _log = new();
    private readonly Socket _worker;
    private readonly WorkerLink _link;

    public UnkillableFaultTests()
    {
        int[] pair = new int[2];
        Assert.Equal(0, socketpair(1, 1, 0, pair));
        _worker = new Socket(new SafeSocketHandle(pair[1], ownsHandle: true));
        OutputDrain errors = new(-1, "stderr", new OutputLog(_log, Nobody, _clock));
        WorkerProcess process = new(Nobody, new ExitWatch(Nobody, -1, null, errors), null, errors, static _ => { }) { Channel = new SafeSocketHandle(pair[0], ownsHandle: true) };
        WorkerReports reports = new(_log);
        RpcConnection connection = new(new Socket(process.Channel), new RpcOptions(), [reports], _log);
        connection.Start();
        _link = new WorkerLink(new WorkerIdentity(FaultHost.VictimId, PluginTier.Process, 1), process, connection, reports, Request(), new ProcessTierOptions(), _clock);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _link.Connection.DisposeAsync();
        _worker.Dispose();
    }

    [Fact]
    public async Task One_that_hangs_and_does_not_end_is_left_alone_with_one_record_and_its_calls_end()
    {
        Task<RpcReply<long>> call = _link.Connection.CallAsync<PingCall, long>(default, Timeout.InfiniteTimeSpan, CancellationToken.None).AsTask();

        _link.KillHung(new HangFinding("has given no sign of life for 30 s", "Faulty.Sleep", null));
        FaultRecord record = await PassTimeAsync(_link.Died);

        Assert.Equal(FaultKind.Hang, record.Kind);
        Assert.Contains("has not ended", record.Message, StringComparison.Ordinal);
        Assert.Contains("has given no sign of life for 30 s", record.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RpcConnectionLostException>(() => call.WaitAsync(FaultHost.Patience, TestContext.Current.CancellationToken));
        CallLostException lost = await _link.LostAsync(s_contract.Methods[0], wasSent: true);
        Assert.Equal((FaultKind.Hang, record.Id), (lost.Fault.Kind, lost.Fault.FaultId));
        Assert.Single(_log.Events, e => e.Id.Id == AbandonedEvent);
    }

    [Fact]
    public async Task One_that_closes_its_channel_and_does_not_end_is_a_lost_connection()
    {
        _worker.Dispose();

        FaultRecord record = await PassTimeAsync(_link.Died);

        Assert.Equal(FaultKind.ConnectionLost, record.Kind);
        Assert.Single(_log.Events, e => e.Id.Id == AbandonedEvent);
    }

    [Fact]
    public async Task One_that_never_became_ready_does_not_hold_up_its_start()
    {
        await PassTimeAsync(_link.KillAsync());

        Assert.False(_link.Died.IsCompleted);
        Assert.Single(_log.Events, e => e.Id.Id == AbandonedEvent);
    }

    private async Task<FaultRecord> PassTimeAsync(Task<FaultRecord> end)
    {
        using CancellationTokenSource deadline = new(FaultHost.Patience);
        while (!end.IsCompleted)
        {
            Assert.False(deadline.IsCancellationRequested, "Whoever waits for the end waits for ever.");
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, CancellationToken.None);
        }

        return await end;
    }

    private StartRequest Request() => new()
    {
        Manifest = new PluginManifest
        {
            Id = FaultHost.VictimId, Version = "1.0.0", Name = "victim", Entry = "Samples.Faulty.dll", Contracts = [new ContractReference(s_contract.Name, s_contract.Major)],
        },
        Generation = 1,
        Folder = "/",
        DataFolder = "/",
        Settings = JsonDocument.Parse("{}").RootElement,
        Contracts = [s_contract],
        SharedAssemblies = new Dictionary<string, string>(),
        Guards = [],
        Observer = new DeafObserver(),
        Logger = _log,
    };

    [DllImport("libc")]
    private static extern int socketpair(int domain, int type, int protocol, [Out] int[] pair);

    /// <summary>Hears nothing.</summary>
    private sealed class DeafObserver : IInstanceObserver
    {
        public void Completed(ContractMethod method, long roundTrip, long insideNanoseconds, long queued)
        {
        }

        public void InFlight(ContractMethod method, bool began)
        {
        }

        public void Ended(ContractMethod method, CallStatus status)
        {
        }

        public string? Fault(FaultRecord fault) => null;
    }
}

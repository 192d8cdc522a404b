using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.WorkerProtocol;
using Xunit;

namespace PluginHost.Rpc.Tests.WorkerProtocol;

/// <summary>The worker protocol's messages, there and back, whatever the codec.</summary>
public sealed class WorkerControlTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_handshake_changes_the_codec_and_everything_is_understood_before_and_after()
    {
        Worker worker = new();
        (Socket a, Socket b) = SocketPair.Create();
        await using RpcConnection host = new(a, new RpcOptions(), [], NullLogger.Instance);
        await using RpcConnection far = new(b, new RpcOptions(), [worker], NullLogger.Instance);
        host.Start();
        far.Start();

        HelloReply hello = (await host.CallAsync<HelloCall, HelloReply>(
            new HelloCall(new HelloRequest(1, 2, ["messagepack", "json"], "1.0.0", 77)), s_long, default)).Value;
        host.UseCodec(RpcCodec.MessagePack);
        LoadRequest request = new(
            "samples.x", 3, "/plugins/x", "X.dll", "/data/x", """{"a":1}""", [new ContractRequest("X.IX", 1, "X.Contracts") { Descriptor = 0x02000007 }],
            [new SharedAssembly("X.Contracts", "/host/X.Contracts.dll")], 5000, [], 10_000) { TempFolder = "/tmp/x", Known = new LoadedClass("X.Plugin", 0x06000003), IsAhead = true };
        LoadReply load = (await host.CallAsync<LoadCall, LoadReply>(new LoadCall(request), s_long, default)).Value;
        long ticks = (await host.CallAsync<PingCall, long>(default, s_long, default)).Value;
        StopReply stop = (await host.CallAsync<StopCall, StopReply>(new StopCall(1500), s_long, default)).Value;

        Assert.Equal(new HelloReply(2, "messagepack", "1.0.0 77", "runtime", 99), hello);
        Assert.Equal("X.IX", load.Contracts[0].Name);
        Assert.Equal(["X.One", "X.Two"], load.Contracts[0].Methods);
        Assert.Equal(new LoadedClass("X.Plugin", 0x06000004), load.Found);
        Assert.Equivalent(request, worker.Loaded, strict: true);
        Assert.Equal(12345, ticks);
        Assert.Equal(1500, stop.AbandonedCalls);
    }

    [Theory]
    [InlineData(RpcCodec.MessagePack)]
    [InlineData(RpcCodec.Json)]
    public async Task Log_events_heartbeats_and_the_last_words_arrive_whole_and_in_order(RpcCodec codec)
    {
        Host heard = new();
        (Socket a, Socket b) = SocketPair.Create();
        await using RpcConnection host = new(a, new RpcOptions(), [heard], NullLogger.Instance);
        await using RpcConnection worker = new(b, new RpcOptions { Codec = codec }, [], NullLogger.Instance);
        host.Start();
        worker.Start();
        LogEvent sent = new(
            new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)), 3, "Category", 7, null, "Took {Time}", "Took 5",
            [new LogProperty("Time", "5", LogValueKind.Integer), new LogProperty("Who", null, LogValueKind.Text)], "System.Exception: x");

        Assert.True(worker.Notify(new LogCall(sent)));
        HeartbeatNotice beat = new(
            3,
            TimeSpan.FromMilliseconds(1500),
            [new RunningCall("X.One", true, TimeSpan.FromMilliseconds(250), TimeSpan.Zero), new RunningCall("X.Two", false, TimeSpan.Zero, null)]);
        Assert.True(worker.Notify(new HeartbeatCall(beat)));
        Assert.True(worker.Notify(new DyingCall(new DyingNotice("System.Exception", "the end", null))));

        Assert.Equal(new DyingNotice("System.Exception", "the end", null), await Until.Ends(heard.Dead.Task));
        Assert.Equivalent(sent, Assert.Single(heard.Logged), strict: true);
        Assert.Equivalent(beat, await heard.Beat.Task, strict: true);
    }

    [Fact]
    public async Task What_a_handler_throws_is_the_hosts_answer()
    {
        (Socket a, Socket b) = SocketPair.Create();
        await using RpcConnection host = new(a, new RpcOptions(), [], NullLogger.Instance);
        await using RpcConnection far = new(b, new RpcOptions(), [new Worker()], NullLogger.Instance);
        host.Start();
        far.Start();

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await host.CallAsync<StopCall, StopReply>(new StopCall(-1), s_long, default));

        Assert.Equal("Nothing to stop.", thrown.RemoteMessage);
    }

    private sealed class Worker : WorkerControl
    {
        public LoadRequest? Loaded { get; private set; }

        protected override ValueTask<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellationToken) =>
            new(new HelloReply(request.ProtocolMax, request.Codecs[0], $"{request.HostVersion} {request.HostPid}", "runtime", 99));

        protected override ValueTask<LoadReply> LoadAsync(LoadRequest request, CancellationToken cancellationToken)
        {
            Loaded = request;
            return new(new LoadReply([new LoadedContract(request.Contracts[0].Name, ["X.One", "X.Two"])]) { Found = new LoadedClass("X.Plugin", 0x06000004) });
        }

        protected override long Ping() => 12345;

        protected override ValueTask<StopReply> StopAsync(TimeSpan drain, CancellationToken cancellationToken) => drain < TimeSpan.Zero
            ? throw new InvalidOperationException("Nothing to stop.")
            : new(new StopReply((int)drain.TotalMilliseconds));
    }

    private sealed class Host : HostNotifications
    {
        public List<LogEvent> Logged { get; } = [];

        public TaskCompletionSource<DyingNotice> Dead { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override void OnLog(LogEvent logEvent) => Logged.Add(logEvent);

        public TaskCompletionSource<HeartbeatNotice> Beat { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override void OnDying(DyingNotice notice) => Dead.SetResult(notice);

        protected override void OnHeartbeat(HeartbeatNotice notice) => Beat.SetResult(notice);
    }
}

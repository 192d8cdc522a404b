using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Peers that send too much of something.</summary>
public sealed class FloodTests
{
    [Theory]
    [InlineData(100, false)]
    [InlineData(101, true)]
    public async Task Answers_to_nothing_are_counted_over_the_connections_life(int count, bool isCutOff)
    {
        await using HeaderPeer peer = new();
        for (int i = 0; i < count; i++)
        {
            peer.Send($$"""{"jsonrpc":"2.0","id":{{i + 1}},"result":[1,2,3]}""");
        }

        if (!isCutOff)
        {
            await peer.AssertLives();
            return;
        }

        RpcCloseReason reason = await peer.Closed();
        Assert.Equal(RpcCloseKind.ProtocolViolation, reason.Kind);
        Assert.Contains("the limit is 100", reason.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_thousand_cancellations_of_nothing_hold_nothing_up()
    {
        await using HeaderPeer peer = new();
        byte[] frame = [.. "Content-Length: 64\r\n\r\n"u8, .. """{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":777}}"""u8];
        byte[] many = [.. Enumerable.Repeat(frame, 1000).SelectMany(f => f)];
        await peer.AssertLives();

        Task flood = Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                peer.SendRaw(many);
            }
        });
        await Until.Ends(flood);

        await peer.AssertLives();
        await Until.True(() => peer.Connection.PendingInbound == 0);
    }

    [Fact]
    public async Task One_call_cancelled_a_thousand_times_is_answered_once()
    {
        await using HeaderPeer peer = new();
        peer.Send("""{"jsonrpc":"2.0","id":5,"method":"Probe.Wait","params":[1]}""");
        await Until.Ends(peer.Probe.Entered(1));

        for (int i = 0; i < 1000; i++)
        {
            peer.Send("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":5}}""");
        }

        Assert.StartsWith("""{"jsonrpc":"2.0","id":5,"error":{"code":-32800,""", await peer.ReceiveAsync(), StringComparison.Ordinal);
        await peer.AssertLives();
    }

    [Fact]
    public async Task Notifications_over_the_limit_are_dropped_and_told()
    {
        ListLogger logger = new();
        await using HeaderPeer peer = new(o => o with { MaxPendingInbound = 4 }, logger);
        using ManualResetEventSlim hold = new();
        peer.Probe.HoldTell = hold;

        for (int i = 0; i < 100; i++)
        {
            peer.Send($$"""{"jsonrpc":"2.0","method":"Probe.Tell","params":[{{i}}]}""");
        }

        // A request over the limit is answered, which says that everything before it was looked at.
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[1,2]}""");
        Assert.StartsWith("""{"jsonrpc":"2.0","id":1,"error":{"code":-32005,""", await peer.ReceiveAsync(), StringComparison.Ordinal);
        hold.Set();
        await Until.True(() => peer.Connection.PendingInbound == 0);

        await peer.AssertLives();
        Assert.Equal([0, 1, 2, 3], peer.Probe.Told);
        Assert.Contains(logger.Events, e => e.Message.Contains("Notifications are dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_header_that_comes_a_byte_an_hour_ends_the_connection()
    {
        ManualTimeProvider clock = new();
        await using HeaderPeer peer = new(o => o with { Clock = clock, FrameTimeout = TimeSpan.FromSeconds(5) });
        await peer.AssertLives();

        peer.SendRaw("C");
        while (!peer.Connection.Closed.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        RpcCloseReason reason = await peer.Closed();
        Assert.Equal(RpcCloseKind.LimitExceeded, reason.Kind);
        Assert.Contains("00:00:05", reason.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RpcCodec.Json)]
    [InlineData(RpcCodec.MessagePack)]
    public async Task Deep_nesting_costs_no_stack(RpcCodec codec)
    {
        await using RawPeer peer = new(null, new ProbeDispatcher());
        byte[] message = codec == RpcCodec.Json
            ? [.. """{"id":1,"method":"Probe.Add","params":"""u8, .. Enumerable.Repeat((byte)'[', 1_000_000)]
            : [0x82, 0xa2, (byte)'i', (byte)'d', 1, 0xa6, .. "params"u8, .. Enumerable.Repeat((byte)0x91, 1_000_000)];

        peer.Send(message);

        Assert.Equal(RpcCloseKind.ParseError, (await peer.Closed()).Kind);
    }
}

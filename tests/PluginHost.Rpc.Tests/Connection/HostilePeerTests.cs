using System.Net.Sockets;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Peers that die, break the protocol, or do not read.</summary>
public sealed class HostilePeerTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_peers_death_ends_every_pending_call()
    {
        await using RawPeer peer = new();
        List<Task<RpcReply<int>>> calls = [];
        for (int i = 0; i < 20; i++)
        {
            calls.Add(peer.Connection.CallAsync<AddCall, int>(new AddCall(1, i), s_long, default).AsTask());
        }

        peer.Socket.Dispose();

        foreach (Task<RpcReply<int>> call in calls)
        {
            RpcConnectionLostException thrown = await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
            Assert.True(thrown.WasSent);
            Assert.Contains(thrown.Reason.Kind, (RpcCloseKind[])[RpcCloseKind.PeerClosed, RpcCloseKind.ConnectionReset]);
        }
    }

    [Fact]
    public async Task A_call_after_the_end_was_surely_not_sent()
    {
        await using RawPeer peer = new();
        peer.Socket.Dispose();
        await peer.Closed();

        RpcConnectionLostException thrown = await Assert.ThrowsAsync<RpcConnectionLostException>(
            async () => await peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default));

        Assert.False(thrown.WasSent);
    }

    [Fact]
    public async Task Disposing_ends_pending_calls_and_cancels_handlers()
    {
        ConnectedPair pair = new(RpcCodec.MessagePack);
        Task<RpcReply<int>> call = pair.Near.CallAsync<WaitCall, int>(new WaitCall(1), s_long, default).AsTask();
        await pair.FarProbe.Entered(1);

        await pair.Near.DisposeAsync();

        RpcConnectionLostException thrown = await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        Assert.Equal(RpcCloseKind.LocallyDisposed, thrown.Reason.Kind);
        await Until.Ends(pair.FarProbe.Cancelled(1));
        Assert.Equal(RpcCloseKind.PeerClosed, (await Until.Ends(pair.Far.Closed)).Kind);
        await pair.DisposeAsync();
    }

    [Fact]
    public async Task An_end_inside_a_message_is_told_from_an_end_between_messages()
    {
        await using RawPeer inside = new();
        inside.SendRaw([0, 0, 0, 9, (byte)'{', (byte)'}']);
        inside.Socket.Shutdown(SocketShutdown.Send);
        await using RawPeer between = new();
        between.Socket.Shutdown(SocketShutdown.Send);

        RpcCloseReason reason = await inside.Closed();

        Assert.Equal(RpcCloseKind.StreamError, reason.Kind);
        Assert.Contains("2 of 9 bytes", reason.Detail, StringComparison.Ordinal);
        Assert.Equal(RpcCloseKind.PeerClosed, (await between.Closed()).Kind);
    }

    [Fact]
    public async Task A_peer_that_never_reads_blocks_neither_callers_nor_the_close()
    {
        RawPeer peer = new(o => o with { MaxUnsentBytes = 64 * 1024 });
        string text = new('x', 50_000);
        List<Task<RpcReply<string?>>> calls = [];
        for (int i = 0; i < 40; i++)
        {
            calls.Add(peer.Connection.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, default).AsTask());
        }

        Assert.False(peer.Connection.Notify(new TellCall(1)) && peer.Connection.Notify(new TellCall(2)) && calls.Count == 0);
        await Until.Ends(peer.Connection.DisposeAsync().AsTask());

        int unsent = 0;
        foreach (Task<RpcReply<string?>> call in calls)
        {
            unsent += (await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call))).WasSent ? 0 : 1;
        }

        Assert.InRange(unsent, 20, 39);
        await peer.DisposeAsync();
    }

    [Fact]
    public async Task Calls_that_wait_for_a_slow_peer_end_by_cancellation_or_go_out_when_it_reads()
    {
        ProbeDispatcher probe = new();
        (Socket a, Socket b) = SocketPair.Create();
        RpcOptions options = new() { MaxUnsentBytes = 64 * 1024 };
        await using RpcConnection near = new(a, options, [], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await using RpcConnection far = new(b, new RpcOptions(), [probe], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        near.Start();
        using CancellationTokenSource cancellation = new();
        string text = new('x', 50_000);
        List<Task<RpcReply<string?>>> calls = [];
        for (int i = 0; i < 40; i++)
        {
            calls.Add(near.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, default).AsTask());
        }

        Task<RpcReply<string?>> cancelled = near.CallAsync<EchoCall, string?>(new EchoCall(text), s_long, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(cancelled));

        far.Start();

        foreach (Task<RpcReply<string?>> call in calls)
        {
            Assert.Equal(text, (await Until.Ends(call)).Value);
        }

        Assert.Equal("z", (await near.CallAsync<EchoCall, string?>(new EchoCall("z"), s_long, default)).Value);
    }

    [Fact]
    public async Task A_peer_that_asks_and_never_reads_the_answers_is_cut_off()
    {
        await using RawPeer peer = new(o => o with { MaxUnsentBytes = 16 * 1024 }, new ProbeDispatcher());
        string text = new('x', 10_000);
        Task sending = Task.Run(() =>
        {
            for (int i = 1; i <= 200; i++)
            {
                peer.Send($$"""{"jsonrpc":"2.0","id":{{i}},"method":"Probe.Echo","params":["{{text}}"]}""");
            }
        });

        RpcCloseReason reason = await peer.Closed();

        Assert.Equal(RpcCloseKind.LimitExceeded, reason.Kind);
        Assert.Contains("does not read", reason.Detail, StringComparison.Ordinal);

        // The connection may have been cut while this peer was still asking.
        Assert.True(await Record.ExceptionAsync(() => Until.Ends(sending)) is null or SocketException);
    }

    [Fact]
    public async Task A_message_that_comes_too_slowly_closes_the_connection()
    {
        ManualTimeProvider clock = new();
        await using RawPeer peer = new(o => o with { Clock = clock, FrameTimeout = TimeSpan.FromSeconds(5) }, new ProbeDispatcher());
        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[1,2]}""");
        await peer.ReceiveAsync();

        // A whole message and the first bytes of another in one piece: once the first is answered, the second has been noticed.
        byte[] whole = [0, 0, 0, 60, .. """{"jsonrpc":"2.0","id":2,"method":"Probe.Add","params":[1,2]}"""u8, 0, 0, 1];
        peer.SendRaw(whole);
        await peer.ReceiveAsync();
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
    [InlineData("{", RpcCloseKind.ParseError)]
    [InlineData("nonsense", RpcCloseKind.ParseError)]
    [InlineData("{} trailing", RpcCloseKind.ParseError)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"a",}""", RpcCloseKind.ParseError)]
    [InlineData("[]", RpcCloseKind.ProtocolViolation)]
    [InlineData("null", RpcCloseKind.ProtocolViolation)]
    [InlineData("7", RpcCloseKind.ProtocolViolation)]
    [InlineData("{}", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","id":true,"method":"a"}""", RpcCloseKind.ProtocolViolation)]
    [InlineData("""{"jsonrpc":"2.0","method":5}""", RpcCloseKind.ProtocolViolation)]
    public async Task What_is_no_message_closes_the_connection(string json, RpcCloseKind expected)
    {
        await using RawPeer peer = new();

        peer.Send(json);

        Assert.Equal(expected, (await peer.Closed()).Kind);
    }

    [Theory]
    [InlineData("""{"id":1,"method":"Probe.Add","params":[1,2]}""", "\"result\":3")]
    [InlineData("""{"params":[1,2],"method":"Probe.Add","id":1,"jsonrpc":"2.0"}""", "\"result\":3")]
    [InlineData("""{"jsonrpc":"2.0","id":"a\"b","method":"Probe.Add","params":[1,2],"traceparent":{"x":[1]}}""", "\"id\":\"a\\\"b\",\"result\":3")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"Probe.Add","params":[1,2]}""", "\"id\":null,\"result\":3")]
    [InlineData("""{"jsonrpc":"2.0","id":1.50,"method":"Probe.Add","params":[1,2]}""", "\"id\":1.50,\"result\":3")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.\u0041dd","params":[1,2]}""", "\"result\":3")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add"}""", "\"result\":0")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":null}""", "\"result\":0")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":5}""", "-32602")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":7}""", "-32600")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"$/nothing"}""", "-32601")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"$/cancelRequest","params":[99]}""", "\"result\":null")]
    public async Task Every_legal_spelling_of_a_request_is_answered(string request, string expected)
    {
        await using RawPeer peer = new(null, new ProbeDispatcher());

        peer.Send(request);

        Assert.Contains(expected, await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Depth_inside_the_arguments_is_an_error_of_that_call()
    {
        await using RawPeer peer = new(null, new ProbeDispatcher());

        peer.Send($$"""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[{{new string('[', 70)}}{{new string(']', 70)}}]}""");

        Assert.Contains("-32602", await peer.ReceiveAsync(), StringComparison.Ordinal);
        peer.Send("""{"jsonrpc":"2.0","id":2,"method":"Probe.Add","params":[1,2]}""");
        Assert.Contains("\"result\":3", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_second_call_with_an_id_in_use_is_refused()
    {
        ProbeDispatcher probe = new();
        await using RawPeer peer = new(null, probe);
        peer.Send("""{"jsonrpc":"2.0","id":5,"method":"Probe.Wait","params":[1]}""");

        peer.Send("""{"jsonrpc":"2.0","id":5,"method":"Probe.Add","params":[1,2]}""");

        Assert.Contains("-32600", await peer.ReceiveAsync(), StringComparison.Ordinal);
        probe.Gate(1).SetResult(8);
        Assert.Contains("\"result\":8", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "{\"id\":5}")]
    [InlineData("5", "[5]")]
    [InlineData("\"five\"", "{\"id\":\"five\"}")]
    public async Task Cancelling_is_taken_by_name_and_by_position(string id, string arguments)
    {
        ProbeDispatcher probe = new();
        await using RawPeer peer = new(null, probe);
        peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"Probe.Wait","params":[1]}""");
        await Until.Ends(probe.Entered(1));

        peer.Send($$"""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{{arguments}}}""");

        Assert.Contains("-32800", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_answers_to_nothing_are_ignored_and_one_more_ends_it()
    {
        await using RawPeer peer = new(null, new ProbeDispatcher());
        for (int i = 0; i < 100; i++)
        {
            peer.Send($$"""{"jsonrpc":"2.0","id":{{i}},"result":1}""");
        }

        peer.Send("""{"jsonrpc":"2.0","id":1,"method":"Probe.Add","params":[1,2]}""");
        Assert.Contains("\"result\":3", await peer.ReceiveAsync(), StringComparison.Ordinal);
        peer.Send("""{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}""");

        Assert.Equal(RpcCloseKind.ProtocolViolation, (await peer.Closed()).Kind);
    }

    [Fact]
    public async Task An_answer_of_the_wrong_kind_fails_its_call_alone()
    {
        await using RawPeer peer = new();
        Task<RpcReply<int>> call = peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default).AsTask();
        string request = await peer.ReceiveAsync();
        string id = request.Split("\"id\":")[1].Split(',')[0];

        peer.Send($$"""{"jsonrpc":"2.0","id":{{id}},"result":null}""");

        await Assert.ThrowsAsync<RpcSerializationException>(() => Until.Ends(call));
        Assert.False(peer.Connection.Closed.IsCompleted);
    }
}

using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Transport;

/// <summary>Two pipes as a transport: what a program's standard input and output are to the host.</summary>
public sealed class PipeTransportTests : IDisposable
{
    private const int MoreThanAPipeHolds = 4 * 1024 * 1024;
    private readonly PipePair _pair = new();

    public void Dispose() => _pair.Dispose();

    [Fact]
    public void What_came_is_given_in_pieces_as_large_as_the_readers_room()
    {
        byte[] sent = Some(10);
        byte[] got = new byte[10];
        _pair.FarWrite(sent);

        Assert.Equal(3, _pair.Near.Receive(got.AsSpan(0, 3), 0));
        Assert.Equal(7, _pair.Near.Receive(got.AsSpan(3), 0));

        Assert.Equal(sent, got);
        Assert.Equal(RpcTransport.NothingYet, _pair.Near.Receive(got, 0));
    }

    [Fact]
    public async Task A_receive_gives_what_there_is_and_does_not_wait_for_more()
    {
        Task<int> receiving = Task.Run(() => _pair.Near.Receive(new byte[100], Timeout.Infinite));

        _pair.FarWrite([1]);

        Assert.Equal(1, await Until.Ends(receiving));
    }

    [Fact]
    public void A_bounded_receive_ends_with_nothing()
    {
        Assert.Equal(RpcTransport.NothingYet, _pair.Near.Receive(new byte[1], 0));
        Assert.Equal(RpcTransport.NothingYet, _pair.Near.Receive(new byte[1], 20));
    }

    [Fact]
    public void A_full_pipe_takes_a_part_and_the_rest_once_there_is_room()
    {
        byte[] sent = Some(MoreThanAPipeHolds);

        SendAttempt first = _pair.Near.TrySend(sent);
        SendAttempt full = _pair.Near.TrySend(sent.AsSpan(first.Sent));
        byte[] got = _pair.FarRead(first.Sent);
        SendAttempt rest = _pair.Near.TrySend(sent.AsSpan(first.Sent, 1000));

        Assert.InRange(first.Sent, 1, MoreThanAPipeHolds - 1);
        Assert.True(first.IsFull);
        Assert.Equal(new SendAttempt(0, IsFull: true), full);
        Assert.Equal(new SendAttempt(1000, IsFull: false), rest);
        Assert.Equal(sent.AsSpan(0, first.Sent + 1000).ToArray(), got.Concat(_pair.FarRead(1000)).ToArray());
    }

    [Fact]
    public async Task A_send_to_a_full_pipe_waits_for_its_reader()
    {
        byte[] sent = Some(MoreThanAPipeHolds);
        Task sending = Task.Run(() =>
        {
            for (int at = 0; at < sent.Length;)
            {
                at += _pair.Near.Send(sent.AsSpan(at));
            }
        });

        byte[] got = await Until.Ends(Task.Run(() => _pair.FarRead(sent.Length)));

        await Until.Ends(sending);
        Assert.Equal(sent, got);
    }

    [Fact]
    public void A_peer_that_closed_its_output_is_read_to_the_end_and_can_still_be_written_to()
    {
        _pair.FarWrite(Some(5));
        _pair.FarOutput.Dispose();
        byte[] got = new byte[8];

        Assert.Equal(5, _pair.Near.Receive(got, Timeout.Infinite));
        Assert.Equal(0, _pair.Near.Receive(got, Timeout.Infinite));
        Assert.Equal(new SendAttempt(3, IsFull: false), _pair.Near.TrySend([7, 8, 9]));
        Assert.Equal(new byte[] { 7, 8, 9 }, _pair.FarRead(3));
    }

    [Fact]
    public async Task A_receive_that_waits_ends_when_the_peer_closes_its_output()
    {
        Task<int> receiving = Task.Run(() => _pair.Near.Receive(new byte[1], Timeout.Infinite));

        _pair.FarOutput.Dispose();

        Assert.Equal(0, await Until.Ends(receiving));
    }

    [Fact]
    public void A_peer_that_closed_its_input_breaks_what_is_sent_and_can_still_be_read()
    {
        _pair.FarInput.Dispose();
        _pair.FarWrite([1, 2]);

        SocketException send = Assert.Throws<SocketException>(() => _pair.Near.Send([1]));
        SocketException tried = Assert.Throws<SocketException>(() => _pair.Near.TrySend([1]));

        Assert.Equal((SocketError.ConnectionReset, SocketError.ConnectionReset), (send.SocketErrorCode, tried.SocketErrorCode));
        Assert.Equal(2, _pair.Near.Receive(new byte[8], 0));
    }

    [Fact]
    public async Task A_send_that_waits_ends_when_the_peer_closes_its_input()
    {
        Fill();
        Task<int> sending = Task.Run(() => _pair.Near.Send([1]));

        _pair.FarInput.Dispose();

        await Assert.ThrowsAsync<SocketException>(() => Until.Ends(sending));
    }

    [Fact]
    public async Task Shutting_down_ends_a_receive_and_a_send_that_wait()
    {
        Fill();
        Task<int> receiving = Task.Run(() => _pair.Near.Receive(new byte[1], Timeout.Infinite));
        Task<int> sending = Task.Run(() => _pair.Near.Send([1]));

        _pair.Near.ShutDown();

        Assert.Equal(0, await Until.Ends(receiving));
        Assert.Equal(SocketError.Shutdown, (await Assert.ThrowsAsync<SocketException>(() => Until.Ends(sending))).SocketErrorCode);
    }

    [Fact]
    public void Once_shut_down_nothing_is_read_from_a_peer_that_goes_on_writing()
    {
        _pair.FarWrite([1]);

        _pair.Near.ShutDown();

        Assert.Equal(0, _pair.Near.Receive(new byte[1], Timeout.Infinite));
        Assert.Throws<SocketException>(() => _pair.Near.Send([1]));
    }

    [Fact]
    public void Shutting_down_twice_or_after_the_end_does_nothing()
    {
        _pair.Near.ShutDown();
        _pair.Near.ShutDown();
        _pair.Near.Dispose();

        _pair.Near.ShutDown();
    }

    [Fact]
    public void The_peers_ends_stay_as_it_found_them()
    {
        Assert.False(PipePair.IsNonBlocking(_pair.FarInput));
        Assert.False(PipePair.IsNonBlocking(_pair.FarOutput));
    }

    [Fact]
    public async Task Calls_to_a_peer_that_does_not_read_end_at_their_deadline_and_hold_up_no_close()
    {
        RpcConnection connection = new(_pair.Near, new RpcOptions { Framing = RpcFraming.Header, MaxUnsentBytes = 64 * 1024 }, [], NullLogger.Instance);
        connection.Start();
        string text = new('x', 100_000);

        Task<RpcReply<string?>>[] calls = [.. Enumerable.Range(0, 10).Select(_ =>
            connection.CallAsync<EchoCall, string?>(new EchoCall(text), TimeSpan.FromMilliseconds(300), default).AsTask())];

        foreach (Task<RpcReply<string?>> call in calls)
        {
            await Assert.ThrowsAsync<RpcTimeoutException>(() => Until.Ends(call));
        }

        await Until.Ends(connection.DisposeAsync().AsTask());
        Assert.Equal(RpcCloseKind.LocallyDisposed, (await Until.Ends(connection.Closed)).Kind);
    }

    [Fact]
    public async Task A_peer_that_reads_late_gets_every_call_whole()
    {
        await using RpcConnection near = new(_pair.Near, new RpcOptions { MaxUnsentBytes = 64 * 1024 }, [], NullLogger.Instance);
        await using RpcConnection far = new(new PipeTransport(_pair.FarInput, _pair.FarOutput), new RpcOptions(), [new ProbeDispatcher()], NullLogger.Instance);
        near.Start();
        string text = new('x', 200_000);
        Task<RpcReply<string?>>[] calls = [.. Enumerable.Range(0, 20).Select(i =>
            near.CallAsync<EchoCall, string?>(new EchoCall($"{i}{text}"), TimeSpan.FromSeconds(30), default).AsTask())];

        far.Start();

        for (int i = 0; i < calls.Length; i++)
        {
            Assert.Equal($"{i}{text}", (await Until.Ends(calls[i])).Value);
        }
    }

    private void Fill()
    {
        while (!_pair.Near.TrySend(new byte[64 * 1024]).IsFull)
        {
        }
    }

    private static byte[] Some(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(i * 31);
        }

        return bytes;
    }
}

using System.Net.Sockets;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Transport;

public sealed class RingTransportTests : IDisposable
{
    private const int Small = 4096;
    private readonly RingPair _pair = new(Small);

    public void Dispose()
    {
        _pair.Host.Dispose();
        _pair.Worker.Dispose();
        _pair.Dispose();
    }

    [Fact]
    public void Bytes_that_wrap_around_come_out_as_they_went_in_at_every_offset()
    {
        _pair.Change();
        byte[] got = new byte[100];

        for (int i = 0; i < Small * 2; i++)
        {
            byte[] sent = Some(i, 97);
            Assert.Equal(new SendAttempt(97, false), _pair.Host.TrySend(sent));
            Assert.Equal(97, _pair.Worker.Receive(got, 0));
            Assert.True(sent.AsSpan().SequenceEqual(got.AsSpan(0, 97)), $"round {i}");
        }
    }

    [Fact]
    public void A_full_ring_takes_what_fits_and_the_rest_once_there_is_room()
    {
        _pair.Change();
        byte[] sent = Some(1, Small + 10);
        byte[] got = new byte[Small + 10];

        Assert.Equal(new SendAttempt(Small, true), _pair.Worker.TrySend(sent));
        Assert.Equal(new SendAttempt(0, true), _pair.Worker.TrySend(sent.AsSpan(Small)));
        Assert.Equal(Small, _pair.Host.Receive(got, 0));
        Assert.Equal(new SendAttempt(10, false), _pair.Worker.TrySend(sent.AsSpan(Small)));
        Assert.Equal(10, _pair.Host.Receive(got.AsSpan(Small), 0));

        Assert.Equal(sent, got);
        Assert.Equal(RpcTransport.NothingYet, _pair.Host.Receive(got, 0));
    }

    [Fact]
    public async Task A_send_that_waits_for_room_goes_on_when_half_of_it_is_free()
    {
        _pair.Change();
        _pair.Host.TrySend(new byte[Small]);
        Task<int> sending = Task.Run(() => _pair.Host.Send(new byte[10]));
        byte[] got = new byte[Small / 2];

        Assert.Equal(Small / 2, _pair.Worker.Receive(got, 0));

        Assert.Equal(10, await Until.Ends(sending));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_peer_sent_before_its_process_ended_is_received_and_then_the_end_whoever_holds_its_end_open(bool isRing)
    {
        if (isRing)
        {
            _pair.Change();
        }

        byte[] got = new byte[10];
        _pair.Worker.TrySend([1, 2, 3]);

        _pair.Host.PeerEnded();

        Assert.Equal(3, _pair.Host.Receive(got, Timeout.Infinite));
        Assert.Equal(0, await Until.Ends(Task.Run(() => _pair.Host.Receive(new byte[10], Timeout.Infinite))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_receive_that_waits_ends_when_the_peers_process_has_ended(bool isRing)
    {
        if (isRing)
        {
            _pair.Change();
        }

        Task<int> receiving = Task.Run(() => _pair.Host.Receive(new byte[10], Timeout.Infinite));

        _pair.Host.PeerEnded();

        Assert.Equal(0, await Until.Ends(receiving));
    }

    [Fact]
    public async Task Shutting_down_ends_a_receive_and_a_send_that_wait()
    {
        _pair.Change();
        _pair.Host.TrySend(new byte[Small]);
        Task<int> receiving = Task.Run(() => _pair.Host.Receive(new byte[1], Timeout.Infinite));
        Task<int> sending = Task.Run(() => _pair.Host.Send(new byte[10]));

        _pair.Host.ShutDown();

        Assert.Equal(0, await Until.Ends(receiving));
        await Assert.ThrowsAsync<SocketException>(() => Until.Ends(sending));
        Assert.Throws<SocketException>(() => _pair.Host.TrySend([1]));
    }

    [Fact]
    public void What_a_peer_wrote_before_its_end_is_read_before_the_end()
    {
        _pair.Change();
        _pair.Worker.TrySend(Some(3, 300));
        _pair.Worker.Dispose();
        byte[] got = new byte[200];

        Assert.Equal(200, _pair.Host.Receive(got, Timeout.Infinite));
        Assert.Equal(100, _pair.Host.Receive(got, Timeout.Infinite));
        Assert.Equal(0, _pair.Host.Receive(got, Timeout.Infinite));
    }

    [Fact]
    public async Task A_receive_that_waits_ends_with_its_peer()
    {
        _pair.Change();
        Task<int> receiving = Task.Run(() => _pair.Host.Receive(new byte[1], Timeout.Infinite));

        _pair.Worker.Dispose();

        Assert.Equal(0, await Until.Ends(receiving));
    }

    [Fact]
    public void A_bounded_receive_ends_with_nothing()
    {
        _pair.Change();

        Assert.Equal(RpcTransport.NothingYet, _pair.Host.Receive(new byte[1], 20));
        Assert.Equal(RpcTransport.NothingYet, _pair.Host.Receive(new byte[1], 0));
    }

    [Fact]
    public void A_look_that_found_nothing_makes_the_descriptor_readable_with_the_next_byte()
    {
        _pair.Change();
        byte[] got = new byte[4];
        Assert.Equal(RpcTransport.NothingYet, _pair.Host.Receive(got, 0));

        _pair.Worker.TrySend([1, 2, 3]);

        using Socket watched = new(new SafeSocketHandle(_pair.Host.PollDescriptor, ownsHandle: false));
        Assert.True(watched.Poll(0, SelectMode.SelectRead));
        Assert.Equal(3, _pair.Host.Receive(got, 0));

        // The wake-up itself is no news.
        Assert.Equal(RpcTransport.NothingYet, _pair.Host.Receive(got, 0));
        Assert.False(watched.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public void A_reader_that_is_awake_costs_its_writer_no_call_to_the_system()
    {
        _pair.Change();
        _pair.Worker.TrySend([1]);
        byte[] got = new byte[10];
        Assert.Equal(1, _pair.Host.Receive(got, Timeout.Infinite));
        using Socket watched = new(new SafeSocketHandle(_pair.Host.PollDescriptor, ownsHandle: false));
        int wakeUps = watched.Available;

        _pair.Worker.TrySend([2]);
        _pair.Worker.TrySend([3]);

        Assert.Equal(wakeUps, watched.Available);
        Assert.Equal(2, _pair.Host.Receive(got, Timeout.Infinite));
    }

    [Fact]
    public void The_sides_change_one_after_the_other_and_nothing_is_lost()
    {
        byte[] got = new byte[10];
        _pair.Host.Send([1, 2]);
        Assert.Equal(2, _pair.Worker.Receive(got, 0));

        // The worker answers on the socket although it listens to the ring already.
        _pair.ChangeWorker();
        _pair.Worker.Send([3, 4, 5]);
        Assert.Equal(3, _pair.Host.Receive(got, 0));
        Assert.Equal([3, 4, 5], got[..3]);
        Assert.False(_pair.Host.UsesRing);

        _pair.Host.UseRing(_pair.Memory.Mapping, Small, isHost: true);
        _pair.Host.TrySend([6]);
        Assert.Equal(1, _pair.Worker.Receive(got, Timeout.Infinite));
        _pair.Worker.TrySend([7]);
        Assert.Equal(1, _pair.Host.Receive(got, Timeout.Infinite));
        Assert.Equal(7, got[0]);
    }

    [Fact]
    public async Task Readers_that_waited_on_the_socket_when_the_change_came_are_woken_for_the_ring()
    {
        byte[] atWorker = new byte[10];
        byte[] atHost = new byte[10];
        Task<int> worker = Task.Run(() => _pair.Worker.Receive(atWorker, Timeout.Infinite));
        Task<int> host = Task.Run(() => _pair.Host.Receive(atHost, Timeout.Infinite));
        _pair.ChangeWorker();
        _pair.Host.UseRing(_pair.Memory.Mapping, Small, isHost: true);

        _pair.Host.TrySend([6, 6]);
        Assert.Equal(2, await Until.Ends(worker));
        _pair.Worker.TrySend([7, 7, 7]);
        Assert.Equal(3, await Until.Ends(host));

        Assert.Equal([6, 6], atWorker[..2]);
        Assert.Equal([7, 7, 7], atHost[..3]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_wake_up_is_lost_in_many_turns(bool spins)
    {
        _pair.Change();
        _pair.Host.MaySpin = _pair.Worker.MaySpin = spins ? () => true : null;
        const int Turns = 20_000;
        Task echo = Task.Factory.StartNew(() => Echo(_pair.Worker, Turns), TaskCreationOptions.LongRunning);
        Task ask = Task.Factory.StartNew(() => Ask(_pair.Host, Turns), TaskCreationOptions.LongRunning);

        await Until.Ends(Task.WhenAll(echo, ask));
    }

    [Fact]
    public async Task No_wake_up_is_lost_while_answers_are_expected_all_the_time()
    {
        _pair.Change();
        const int Turns = 20_000;
        using CancellationTokenSource done = new();
        Task expecting = Task.Factory.StartNew(() => Expect(_pair.Host, done.Token), TaskCreationOptions.LongRunning);
        Task echo = Task.Factory.StartNew(() => Echo(_pair.Worker, Turns), TaskCreationOptions.LongRunning);
        Task ask = Task.Factory.StartNew(() => Ask(_pair.Host, Turns), TaskCreationOptions.LongRunning);

        await Until.Ends(Task.WhenAll(echo, ask));
        await done.CancelAsync();
        await Until.Ends(expecting);
    }

    [Fact]
    public async Task What_was_expected_in_vain_ends_neither_a_wait_too_early_nor_keeps_it_from_ending()
    {
        _pair.Change();
        byte[] got = new byte[8];
        using CancellationTokenSource done = new();
        Task expecting = Task.Factory.StartNew(() => Expect(_pair.Host, done.Token), TaskCreationOptions.LongRunning);
        Task<int> receiving = Task.Factory.StartNew(() => _pair.Host.Receive(got, Timeout.Infinite), TaskCreationOptions.LongRunning);

        Assert.Equal(RpcTransport.NothingYet, _pair.Worker.Receive(new byte[8], 20));
        Assert.False(receiving.IsCompleted);
        _pair.Worker.Dispose();

        Assert.Equal(0, await Until.Ends(receiving));
        await done.CancelAsync();
        await Until.Ends(expecting);
    }

    [Fact]
    public async Task A_reader_that_sleeps_wakes_where_something_is_expected()
    {
        _pair.Change();
        Task<int> receiving = Task.Factory.StartNew(() => _pair.Host.Receive(new byte[8], Timeout.Infinite), TaskCreationOptions.LongRunning);
        await Until.True(IsAsleep);

        await Until.True(() =>
        {
            // It looks for a moment only, which may go by unseen, and more rarely the more often it was in vain.
            _pair.Host.Expect();
            return !IsAsleep();
        });

        _pair.Worker.TrySend([1]);
        Assert.Equal(1, await Until.Ends(receiving));
    }

    [Fact]
    public async Task A_stream_larger_than_the_ring_arrives_whole_however_it_is_cut()
    {
        _pair.Change();
        const int Total = 20_000_000;
        Task sending = Task.Factory.StartNew(() => SendAll(_pair.Host, Total), TaskCreationOptions.LongRunning);
        Task receiving = Task.Factory.StartNew(() => CheckAll(_pair.Worker, Total), TaskCreationOptions.LongRunning);

        await Until.Ends(Task.WhenAll(sending, receiving));
    }

    private unsafe bool IsAsleep() => Volatile.Read(ref *(int*)(_pair.Memory.Mapping.Start + RingLayout.Control(isToWorker: false) + RingLayout.ReaderSleeps)) != 0;

    private static void Expect(RingTransport transport, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            transport.Expect();
            Thread.Yield();
        }
    }

    private static void Echo(RingTransport transport, int turns)
    {
        byte[] bytes = new byte[8];
        for (int i = 0; i < turns; i++)
        {
            Assert.Equal(8, transport.Receive(bytes, Timeout.Infinite));
            Assert.Equal(8, transport.TrySend(bytes).Sent);
        }
    }

    private static void Ask(RingTransport transport, int turns)
    {
        byte[] bytes = new byte[8];
        byte[] back = new byte[8];
        for (int i = 0; i < turns; i++)
        {
            BitConverter.TryWriteBytes(bytes, (long)i);
            transport.TrySend(bytes);
            Assert.Equal(8, transport.Receive(back, Timeout.Infinite));
            Assert.Equal(i, BitConverter.ToInt64(back));
        }
    }

    private static void SendAll(RingTransport transport, int total)
    {
        Random random = new(1);
        for (int at = 0; at < total;)
        {
            byte[] bytes = Some(at, Math.Min(total - at, random.Next(1, 9000)));
            for (int sent = 0; sent < bytes.Length;)
            {
                sent += random.Next(2) == 0 ? transport.TrySend(bytes.AsSpan(sent)).Sent : transport.Send(bytes.AsSpan(sent));
            }

            at += bytes.Length;
        }
    }

    private static void CheckAll(RingTransport transport, int total)
    {
        Random random = new(2);
        byte[] bytes = new byte[9000];
        for (int at = 0; at < total;)
        {
            int count = transport.Receive(bytes.AsSpan(0, random.Next(1, bytes.Length)), Timeout.Infinite);
            Assert.True(count > 0);
            Assert.True(bytes.AsSpan(0, count).SequenceEqual(Some(at, count)), $"behind byte {at}");
            at += count;
        }
    }

    /// <summary>Bytes that differ by their place in a stream.</summary>
    private static byte[] Some(int start, int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)((start + i) * 167 >> 3);
        }

        return bytes;
    }
}

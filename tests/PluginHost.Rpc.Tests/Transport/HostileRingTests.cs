using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Tests.Support;
using PluginHost.Rpc.Transport;
using Xunit;

namespace PluginHost.Rpc.Tests.Transport;

/// <summary>What a worker can write into the memory that it shares with the host.</summary>
public sealed class HostileRingTests : IDisposable
{
    private const int Bytes = 4096;
    private readonly RingPair _pair = new(Bytes);

    public HostileRingTests() => _pair.Change();

    public void Dispose()
    {
        _pair.Host.Dispose();
        _pair.Worker.Dispose();
        _pair.Dispose();
    }

    [Theory]
    [InlineData(Bytes + 1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    public void A_count_of_written_bytes_that_cannot_be_is_a_protocol_violation(long written)
    {
        Word(isToWorker: false, RingLayout.Written) = written;

        MalformedMessageException thrown = Assert.Throws<MalformedMessageException>(() => _pair.Host.Receive(new byte[9000], 0));

        Assert.Equal(MessageFault.Protocol, thrown.Fault);
        Assert.Contains($"{written} bytes", thrown.Message);
    }

    [Fact]
    public void A_count_of_written_bytes_that_goes_back_is_a_protocol_violation()
    {
        _pair.Worker.TrySend(new byte[10]);
        Assert.Equal(4, _pair.Host.Receive(new byte[4], 0));

        Word(isToWorker: false, RingLayout.Written) = 5;

        Assert.Throws<MalformedMessageException>(() => _pair.Host.Receive(new byte[4], 0));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(long.MaxValue)]
    [InlineData(-5)]
    public async Task A_count_of_taken_bytes_that_cannot_be_ends_the_send_and_tells_the_reader_why(long taken)
    {
        Task<int> reading = Task.Run(() => _pair.Host.Receive(new byte[4], Timeout.Infinite));
        Word(isToWorker: true, RingLayout.Taken) = taken;

        // One byte went through it at the change; the next look at the count comes where the ring seems full.
        Assert.Throws<SocketException>(() => _pair.Host.TrySend(new byte[Bytes + 1]));

        MalformedMessageException thrown = await Assert.ThrowsAsync<MalformedMessageException>(() => Until.Ends(reading));
        Assert.Contains($"{taken} bytes were taken", thrown.Message);
    }

    [Fact]
    public async Task A_scribbled_ring_ends_the_connection_with_one_reason()
    {
        _pair.Worker.TrySend([0, 0, 0, 1, 1, 2, 3]);
        RpcConnection connection = new(_pair.Host, new RpcOptions(), [], NullLogger.Instance);

        Word(isToWorker: false, RingLayout.Written) = 1 << 20;
        connection.Start();

        Assert.Equal(RpcCloseKind.ProtocolViolation, (await Until.Ends(connection.Closed)).Kind);
        await Until.Ends(connection.DisposeAsync().AsTask());
    }

    [Fact]
    public async Task A_peer_that_scribbles_over_every_word_all_the_time_cannot_hold_up_the_end()
    {
        using CancellationTokenSource done = new();
        Task scribbling = Task.Factory.StartNew(() => ScribbleFlags(done.Token), TaskCreationOptions.LongRunning);
        Task<int> receiving = Task.Run(() => ReceiveAll(_pair.Host));
        Task sending = Task.Run(() => SendAll(_pair.Host));
        await Until.True(() => sending.IsCompleted || Word(isToWorker: true, RingLayout.Written) >= Bytes);

        _pair.Host.ShutDown();

        Assert.Equal(0, await Until.Ends(receiving));
        await Assert.ThrowsAsync<SocketException>(() => Until.Ends(sending));
        await done.CancelAsync();
        await scribbling;
    }

    private static int ReceiveAll(RingTransport transport)
    {
        byte[] bytes = new byte[100];
        while (transport.Receive(bytes, Timeout.Infinite) > 0)
        {
        }

        return 0;
    }

    private static void SendAll(RingTransport transport)
    {
        while (true)
        {
            transport.Send(new byte[1000]);
        }
    }

    private void ScribbleFlags(CancellationToken until)
    {
        Random random = new(5);
        while (!until.IsCancellationRequested)
        {
            Word(random.Next(2) == 0, RingLayout.ReaderSleeps) = random.Next(3);
            Word(random.Next(2) == 0, RingLayout.WriterSleeps) = random.Next(3);
        }
    }

    private unsafe ref long Word(bool isToWorker, int word) => ref *(long*)(_pair.Memory.Mapping.Start + RingLayout.Control(isToWorker) + word);
}

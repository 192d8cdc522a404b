using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Payloads;

/// <summary>Large values in chunks to a peer that is slower than their sender, or does not read at all.</summary>
public sealed class ChunkRoomTests
{
    private const int Mebi = 1024 * 1024;
    private static readonly byte[] s_large = new byte[20 * Mebi];

    [Fact]
    public async Task A_cancelled_caller_waits_no_longer_for_a_peer_that_does_not_read()
    {
        await using RawPeer peer = Deaf();
        using CancellationTokenSource given = new();
        Task<long> call = SumAsync(peer, Timeout.InfiniteTimeSpan, given.Token);
        await Until.True(() => peer.Connection.IsWaitingForRoom);

        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));
        Assert.Equal(0, peer.Connection.PendingOutbound);
    }

    [Fact]
    public async Task A_calls_time_ends_also_while_its_arguments_wait_for_room()
    {
        await using RawPeer peer = Deaf();

        Task<long> call = SumAsync(peer, TimeSpan.FromMilliseconds(200), CancellationToken.None);

        RpcTimeoutException late = await Assert.ThrowsAsync<RpcTimeoutException>(() => Until.Ends(call));
        Assert.False(late.WasSent);
    }

    [Fact]
    public async Task The_end_of_the_connection_ends_the_wait()
    {
        await using RawPeer peer = Deaf();
        Task<long> call = SumAsync(peer, Timeout.InfiniteTimeSpan, CancellationToken.None);
        await Until.True(() => peer.Connection.IsWaitingForRoom);

        await peer.Connection.DisposeAsync();

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
    }

    [Fact]
    public async Task A_peer_that_reads_nothing_for_the_frame_timeout_is_said_not_to_read()
    {
        await using RawPeer peer = Deaf(TimeSpan.FromMilliseconds(100));

        Task<long> call = SumAsync(peer, Timeout.InfiniteTimeSpan, CancellationToken.None);

        RpcSerializationException refused = await Assert.ThrowsAsync<RpcSerializationException>(() => Until.Ends(call));
        Assert.Contains("The peer does not read", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_waited_goes_on_when_the_peer_reads_again()
    {
        await using RawPeer peer = Deaf();
        Task<long> call = SumAsync(peer, Timeout.InfiniteTimeSpan, CancellationToken.None);
        await Until.True(() => peer.Connection.IsWaitingForRoom);

        long received = 0;
        while (received < s_large.Length)
        {
            received += (await peer.ReceiveBytesAsync()).Length;
        }

        Assert.Contains("Bytes.Sum", await peer.ReceiveAsync(), StringComparison.Ordinal);
        Assert.False(call.IsCompleted);
        await peer.Connection.DisposeAsync();
        RpcConnectionLostException lost = await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        Assert.True(lost.WasSent);
    }

    [Theory]
    [InlineData(RpcDispatch.Pool)]
    [InlineData(RpcDispatch.Inline)]
    public async Task Many_values_at_once_both_ways_are_whole_where_little_may_be_unsent(RpcDispatch dispatch)
    {
        await using PayloadPair pair = new(
            hasMemory: false, options: o => o with { MaxMessageBytes = Mebi, MaxUnsentBytes = Mebi, Dispatch = dispatch });

        await Task.WhenAll(Enumerable.Range(0, 6).Select(seed => Task.Run(async () =>
        {
            byte[] sent = new byte[(6 * Mebi) + seed];
            new Random(seed).NextBytes(sent);
            RpcConnection from = seed % 2 == 0 ? pair.Near : pair.Far;
            byte[] back = (await Until.Ends(from.CallAsync<EchoBytesCall<byte[], AsArray>, byte[]>(
                new(sent), Timeout.InfiniteTimeSpan, CancellationToken.None).AsTask())).Value;
            Assert.True(sent.AsSpan().SequenceEqual(back));
        })));
    }

    private static RawPeer Deaf(TimeSpan? frameTimeout = null) => new(o => o with
    {
        Codec = RpcCodec.MessagePack,
        MaxMessageBytes = Mebi,
        MaxUnsentBytes = Mebi,
        FrameTimeout = frameTimeout ?? TimeSpan.FromHours(1),
        Payloads = new PayloadOptions(),
    });

    /// <summary>On a thread of its own: it blocks while it is written.</summary>
    private static Task<long> SumAsync(RawPeer peer, TimeSpan timeout, CancellationToken ct) => Task.Run(
        async () => (await peer.Connection.CallAsync<HashCall, long>(new(s_large), timeout, ct)).Value, CancellationToken.None);
}

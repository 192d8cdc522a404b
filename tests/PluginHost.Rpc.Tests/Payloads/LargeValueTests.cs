using System.Buffers;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Payloads;

/// <summary>Large values both ways: through shared memory, in chunks, and in the message.</summary>
public sealed class LargeValueTests
{
    private const int Kibi = 1024;
    private const int Mebi = 1024 * 1024;

    public static TheoryData<int> Sizes => [0, 1, (64 * Kibi) - 1, 64 * Kibi, (64 * Kibi) + 1, 5 * Mebi, 64 * Mebi];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Bytes_come_back_as_they_were_sent_through_shared_memory(int size)
    {
        await using PayloadPair pair = new();
        byte[] sent = Bytes(size);

        byte[] array = await EchoAsync<byte[], AsArray>(pair.Near, sent);
        Memory<byte> memory = await EchoAsync<Memory<byte>, AsMemory>(pair.Near, sent);
        using IMemoryOwner<byte> owner = await EchoAsync<IMemoryOwner<byte>, AsOwner>(pair.Near, sent);

        Assert.True(sent.AsSpan().SequenceEqual(array));
        Assert.True(sent.AsSpan().SequenceEqual(memory.Span));
        Assert.True(sent.AsSpan().SequenceEqual(owner.Memory.Span));
    }

    [Theory]
    [InlineData(RpcCodec.MessagePack)]
    [InlineData(RpcCodec.Json)]
    public async Task Bytes_above_the_message_limit_come_in_chunks_where_there_is_no_shared_memory(RpcCodec codec)
    {
        await using PayloadPair pair = new(codec, hasMemory: false, options: o => o with { MaxMessageBytes = Mebi });
        byte[] sent = Bytes(20 * Mebi);

        byte[] array = await EchoAsync<byte[], AsArray>(pair.Near, sent);
        using IMemoryOwner<byte> owner = await EchoAsync<IMemoryOwner<byte>, AsOwner>(pair.Far, sent);

        Assert.True(sent.AsSpan().SequenceEqual(array));
        Assert.True(sent.AsSpan().SequenceEqual(owner.Memory.Span));
    }

    [Fact]
    public async Task The_peer_may_call_with_large_values_too()
    {
        await using PayloadPair pair = new();
        byte[] sent = Bytes(3 * Mebi);

        byte[] array = await EchoAsync<byte[], AsArray>(pair.Far, sent);
        long hash = await SumAsync(pair.Far, sent);

        Assert.True(sent.AsSpan().SequenceEqual(array));
        Assert.Equal(BytesDispatcher.Hash(sent), hash);
        Assert.False(pair.NearBytes.WasInPlace);
    }

    [Fact]
    public async Task A_worker_reads_arguments_where_they_are()
    {
        await using PayloadPair pair = new();
        byte[] sent = Bytes(3 * Mebi);

        long hash = await SumAsync(pair.Near, sent);

        Assert.Equal(BytesDispatcher.Hash(sent), hash);
        Assert.True(pair.FarBytes.WasInPlace);
    }

    [Fact]
    public async Task An_arguments_memory_that_is_kept_past_its_call_cannot_be_reached()
    {
        await using PayloadPair pair = new();

        pair.Near.Notify(new KeepCall(Bytes(Mebi)));
        await Until.True(() => pair.FarBytes.Kept.Count == 1 && pair.IsWhole);

        pair.FarBytes.Kept.TryDequeue(out Memory<byte> kept);
        ObjectDisposedException refused = Assert.Throws<ObjectDisposedException>(() => kept.Span.Length);
        Assert.Contains("until its call is answered", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_transfers_at_once_do_not_meet()
    {
        await using PayloadPair pair = new(areaBytes: 8 * Mebi);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(seed => Task.Run(async () =>
        {
            for (int i = 0; i < 40; i++)
            {
                byte[] sent = Bytes((64 * Kibi) + (i * 37 * Kibi) + seed, seed);
                Assert.Equal(BytesDispatcher.Hash(sent), await SumAsync(pair.Near, sent));
                using IMemoryOwner<byte> owner = await EchoAsync<IMemoryOwner<byte>, AsOwner>(pair.Near, sent);
                Assert.True(sent.AsSpan().SequenceEqual(owner.Memory.Span));
            }
        })));

        await Until.True(() => pair.IsWhole);
    }

    [Fact]
    public async Task A_full_area_is_left_for_the_message_or_for_chunks()
    {
        await using PayloadPair pair = new(areaBytes: Mebi, options: o => o with { MaxMessageBytes = 2 * Mebi });
        byte[] small = Bytes(900 * Kibi);
        Task<long> held = SumAsync(pair.Near, small, gate: 1);
        await Until.True(() => pair.Near.Payloads!.Area!.Use.Blocks == 1);

        byte[] inMessage = await EchoAsync<byte[], AsArray>(pair.Near, small);
        byte[] large = Bytes(5 * Mebi);
        byte[] inChunks = await EchoAsync<byte[], AsArray>(pair.Near, large);
        pair.FarBytes.Gate(1).SetResult();

        Assert.True(small.AsSpan().SequenceEqual(inMessage));
        Assert.True(large.AsSpan().SequenceEqual(inChunks));
        Assert.Equal(BytesDispatcher.Hash(small), await held);
        await Until.True(() => pair.IsWhole);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_above_the_cap_is_refused_by_name_and_the_connection_lives(bool hasMemory)
    {
        await using PayloadPair pair = new(hasMemory: hasMemory, payloads: o => o with { MaxBytes = Mebi });

        RpcSerializationException refused = await Assert.ThrowsAsync<RpcSerializationException>(() => SumAsync(pair.Near, Bytes(Mebi + 1)));
        long hash = await SumAsync(pair.Near, Bytes(Mebi));

        Assert.Contains("A value of 1048577 bytes is larger than MaxPayloadBytes (1048576). Pass it as a Stream", refused.Message, StringComparison.Ordinal);
        Assert.Equal(BytesDispatcher.Hash(Bytes(Mebi)), hash);
    }

    [Fact]
    public async Task An_owner_outlives_the_connection_and_its_peer()
    {
        PayloadPair pair = new();
        byte[] sent = Bytes(5 * Mebi);
        IMemoryOwner<byte> owner = await EchoAsync<IMemoryOwner<byte>, AsOwner>(pair.Near, sent);

        await pair.DisposeAsync();

        Assert.True(sent.AsSpan().SequenceEqual(owner.Memory.Span));
        owner.Dispose();
        owner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => owner.Memory.Span.Length);
    }

    [Fact]
    public async Task Ten_thousand_transfers_leave_both_areas_whole()
    {
        await using PayloadPair pair = new(areaBytes: 16 * Mebi);
        byte[] sent = Bytes(70 * Kibi);

        for (int i = 0; i < 5_000; i++)
        {
            using IMemoryOwner<byte> owner = await EchoAsync<IMemoryOwner<byte>, AsOwner>(pair.Near, sent);
            Assert.Equal(sent.Length, owner.Memory.Length);
        }

        await Until.True(() => pair.IsWhole);
        Assert.Equal(16L * Mebi, pair.Near.Payloads!.Area!.Use.FreeBytes);
        Assert.Equal(16L * Mebi, pair.Far.Payloads!.Area!.Use.FreeBytes);
        Assert.True(pair.Near.Payloads.Area.TouchedBytes < Mebi);
    }

    [Fact]
    public async Task A_call_that_is_given_up_gives_its_memory_back_on_both_sides()
    {
        await using PayloadPair pair = new();
        using CancellationTokenSource given = new();
        Task<long> waiting = SumAsync(pair.Near, Bytes(Mebi), gate: 2, given.Token);
        await Until.True(() => pair.Far.PendingInbound == 1);

        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Until.True(() => pair.IsWhole);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_read_gives_its_memory_back()
    {
        await using PayloadPair pair = new();

        await Assert.ThrowsAsync<RpcSerializationException>(
            async () => await pair.Near.CallAsync<BadTwoCall, long>(default, Timeout.InfiniteTimeSpan, CancellationToken.None));

        await Until.True(() => pair.IsWhole);
    }

    private static byte[] Bytes(int size, int seed = 7)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task<T> EchoAsync<T, TReading>(RpcConnection connection, byte[] bytes)
        where TReading : struct, IBytesReading<T> =>
        (await connection.CallAsync<EchoBytesCall<T, TReading>, T>(new(bytes), Timeout.InfiniteTimeSpan, CancellationToken.None)).Value;

    private static async Task<long> SumAsync(RpcConnection connection, byte[] bytes, int gate = -1, CancellationToken ct = default) =>
        (await connection.CallAsync<HashCall, long>(new(bytes, gate), Timeout.InfiniteTimeSpan, ct)).Value;
}

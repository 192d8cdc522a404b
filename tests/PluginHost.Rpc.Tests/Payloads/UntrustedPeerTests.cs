using System.Buffers;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Payloads;

/// <summary>What a peer writes behind what it sent: whoever does not trust it never sees that; whoever does reads in place and may.</summary>
public sealed class UntrustedPeerTests
{
    private const int Mebi = 1024 * 1024;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task An_argument_is_what_it_was_when_it_came_whatever_its_sender_writes_later(bool isNearCaller, bool isTrusting)
    {
        await using PayloadPair pair = new(isTrusting: isTrusting, nearReadsInPlace: true);
        RpcConnection caller = isNearCaller ? pair.Near : pair.Far;
        BytesDispatcher callee = isNearCaller ? pair.FarBytes : pair.NearBytes;
        byte[] sent = Bytes();

        Task<long> sum = SumAsync(caller, sent, gate: 1);
        await Until.True(() => callee.IsAtGate(1));
        Overwrite(isNearCaller ? pair.NearMemory! : pair.FarMemory!);
        callee.Gate(1).SetResult();

        Assert.Equal(isTrusting, await Until.Ends(sum) != BytesDispatcher.Hash(sent));
        Assert.Equal(isTrusting, callee.WasInPlace);
        await Until.True(() => pair.IsWhole);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Owned_memory_is_what_it_was_when_it_came_whatever_its_sender_writes_later(bool isNearCaller, bool isTrusting)
    {
        await using PayloadPair pair = new(isTrusting: isTrusting);
        RpcConnection caller = isNearCaller ? pair.Near : pair.Far;
        PayloadArea sender = (isNearCaller ? pair.Far : pair.Near).Payloads!.Area!;
        byte[] sent = Bytes();

        using IMemoryOwner<byte> owner = await EchoAsync<IMemoryOwner<byte>, AsOwner>(caller, sent);
        Overwrite(isNearCaller ? pair.FarMemory! : pair.NearMemory!);

        Assert.Equal(isTrusting, !sent.AsSpan().SequenceEqual(owner.Memory.Span));
        Assert.Equal(isTrusting ? 1 : 0, sender.Use.Blocks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Arrays_and_memory_are_the_receivers_own_even_where_it_trusts(bool isTrusting)
    {
        await using PayloadPair pair = new(isTrusting: isTrusting);
        byte[] sent = Bytes();

        byte[] array = await EchoAsync<byte[], AsArray>(pair.Near, sent);
        Memory<byte> memory = await EchoAsync<Memory<byte>, AsMemory>(pair.Near, sent);
        Overwrite(pair.FarMemory!);

        Assert.True(sent.AsSpan().SequenceEqual(array));
        Assert.True(sent.AsSpan().SequenceEqual(memory.Span));
        await Until.True(() => pair.IsWhole);
    }

    /// <summary>Writes over the first blocks of a side's own area, as that side can at any time.</summary>
    private static unsafe void Overwrite(PayloadMemory sender) => new Span<byte>(sender.Mapping.Start + sender.OutStart, 4 * Mebi).Fill(0xee);

    private static byte[] Bytes()
    {
        byte[] bytes = new byte[3 * Mebi];
        new Random(11).NextBytes(bytes);
        return bytes;
    }

    private static async Task<T> EchoAsync<T, TReading>(RpcConnection connection, byte[] bytes)
        where TReading : struct, IBytesReading<T> =>
        (await Until.Ends(connection.CallAsync<EchoBytesCall<T, TReading>, T>(new(bytes), Timeout.InfiniteTimeSpan, CancellationToken.None).AsTask())).Value;

    private static async Task<long> SumAsync(RpcConnection connection, byte[] bytes, int gate) =>
        (await connection.CallAsync<HashCall, long>(new(bytes, gate), Timeout.InfiniteTimeSpan, CancellationToken.None)).Value;
}

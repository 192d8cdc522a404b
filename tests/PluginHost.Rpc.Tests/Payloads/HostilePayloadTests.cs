using System.Buffers;
using System.Buffers.Binary;
using System.Text.RegularExpressions;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Payloads;

/// <summary>A peer that lies about shared memory and about chunks: its connection ends, with one reason, and nothing else does.</summary>
public sealed partial class HostilePayloadTests : IAsyncLifetime
{
    private const int Mebi = 1024 * 1024;
    private readonly PayloadMemory _near = PayloadMemory.Create("test", 4 * Mebi);
    private PayloadMemory _far = null!;
    private RawPeer _peer = null!;

    public ValueTask InitializeAsync()
    {
        _far = PayloadPair.OpenAgain(_near);
        _peer = new RawPeer(o => o with { Payloads = new PayloadOptions { Memory = _near, TrustsPeer = true, MaxBytes = 3 * Mebi } });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        _far.Dispose();
    }

    [Theory]
    [InlineData(-4096, 100_000)]
    [InlineData(1, 100_000)]
    [InlineData(4 * Mebi, 100_000)]
    [InlineData((4 * Mebi) - 4096, 4097)]
    [InlineData(long.MaxValue - 4095, 100_000)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    [InlineData(0, (3 * Mebi) + 1)]
    [InlineData(0, long.MaxValue)]
    [InlineData(long.MinValue, long.MinValue)]
    public async Task A_reference_to_memory_that_cannot_be_ends_the_connection(long offset, long length)
    {
        Task<byte[]> call = CallAsync<byte[], AsArray>();

        await AnswerAsync(0x50, offset, length);

        RpcConnectionLostException lost = await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        Assert.Equal(RpcCloseKind.ProtocolViolation, (await _peer.Closed()).Kind);
        Assert.Contains($"The peer names {length} bytes of shared memory at {offset}", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reference_into_memory_that_is_still_in_use_ends_the_connection_and_the_owner_stays()
    {
        Task<IMemoryOwner<byte>> first = CallAsync<IMemoryOwner<byte>, AsOwner>();
        await AnswerAsync(0x50, 0, 100_000);
        using IMemoryOwner<byte> owner = await Until.Ends(first);

        Task<byte[]> second = CallAsync<byte[], AsArray>();
        await AnswerAsync(0x50, 8192, 100_000);

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(second));
        Assert.Contains("0 to 100000 are still in use here", (await _peer.Closed()).Detail, StringComparison.Ordinal);
        Assert.Equal(100_000, owner.Memory.Span.Length);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(4096, 1)]
    [InlineData(-1, 1)]
    [InlineData(long.MaxValue, 1)]
    public async Task Memory_given_back_twice_or_never_had_ends_the_connection(long offset, int times)
    {
        Task<byte[]> call = CallAsync<byte[], AsArray>(new byte[100_000]);
        await _peer.ReceiveAsync();
        ReturnQueue.Input returns = new(_far.Mapping, _far.InReturns);
        for (int i = 0; i < times; i++)
        {
            returns.Add(offset);
        }

        Task<byte[]> second = CallAsync<byte[], AsArray>(new byte[100_000]);

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(second));
        RpcCloseReason reason = await _peer.Closed();
        Assert.Equal(RpcCloseKind.ProtocolViolation, reason.Kind);
        Assert.Contains($"gave back the shared memory at {offset}", reason.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(ReturnQueue.Places + 1)]
    [InlineData(long.MaxValue)]
    public async Task A_count_of_returns_that_cannot_be_ends_the_connection(long count)
    {
        Scribble(_far.InReturns, count);

        Task<byte[]> call = CallAsync<byte[], AsArray>(new byte[100_000]);

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        Assert.Equal(RpcCloseKind.ProtocolViolation, (await _peer.Closed()).Kind);
    }

    [Fact]
    public void More_blocks_than_can_be_out_are_not_counted()
    {
        using PayloadMemory memory = PayloadMemory.Create("test", 64 * Mebi);
        PeerArea area = new(new PayloadOptions { Memory = memory });
        for (int i = 0; i < ReturnQueue.Places; i++)
        {
            Assert.Null(area.TryClaim((long)i * PayloadArea.PageBytes, 1));
        }

        string? problem = area.TryClaim((long)ReturnQueue.Places * PayloadArea.PageBytes, 1);
        area.GiveBack(0);

        Assert.Contains("8176 blocks are in use here already", problem, StringComparison.Ordinal);
        Assert.Null(area.TryClaim(0, 1));
    }

    [Fact]
    public async Task What_changes_while_it_is_read_harms_nobody()
    {
        using CancellationTokenSource stop = new();
        Task scribbling = Task.Run(
            () =>
            {
                for (long i = 0; !stop.IsCancellationRequested; i++)
                {
                    Scribble(_far.OutStart + (i * 64 % Mebi), i);
                }
            },
            CancellationToken.None);

        for (int i = 0; i < 20; i++)
        {
            Task<byte[]> call = CallAsync<byte[], AsArray>();
            await AnswerAsync(0x50, 0, Mebi);
            Assert.Equal(Mebi, (await Until.Ends(call)).Length);
        }

        await stop.CancelAsync();
        await scribbling;
    }

    [Fact]
    public async Task A_transfer_that_did_not_come_cannot_be_named()
    {
        Task<byte[]> call = CallAsync<byte[], AsArray>();

        await AnswerAsync(0x51, 7, 100_000);

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        Assert.Contains("transfer 7, which has not come", (await _peer.Closed()).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5_000_000, 10, "MaxPayloadBytes is 3145728")]
    [InlineData(0, 10, "MaxPayloadBytes is 3145728")]
    [InlineData(5, 10, "does not fit transfer 1")]
    [InlineData(5, 0, "does not fit transfer 1")]
    public async Task A_chunk_that_cannot_be_ends_the_connection(long length, int bytes, string expected)
    {
        SendChunk(1, length, bytes);

        Assert.Contains(expected, (await _peer.Closed()).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transfers_that_nobody_names_are_bounded_together()
    {
        for (int i = 0; i < 4; i++)
        {
            SendChunk(i, Mebi, Mebi);
        }

        RpcCloseReason reason = await _peer.Closed();
        Assert.Equal(RpcCloseKind.LimitExceeded, reason.Kind);
        Assert.Contains("under way", reason.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reference_means_nothing_where_no_memory_was_agreed_on()
    {
        await using RawPeer other = new();
        Task<RpcReply<byte[]>> call = other.Connection.CallAsync<EchoBytesCall<byte[], AsArray>, byte[]>(new(new byte[1]), Timeout.InfiniteTimeSpan, CancellationToken.None).AsTask();

        other.Send(Answer(IdOf(await other.ReceiveAsync()), 0x50, 0, 100_000));

        RpcSerializationException refused = await Assert.ThrowsAsync<RpcSerializationException>(() => Until.Ends(call));
        Assert.Contains("a reference to bytes beside the message", refused.Message, StringComparison.Ordinal);
    }

    private async Task<T> CallAsync<T, TReading>(byte[]? bytes = null)
        where TReading : struct, IBytesReading<T>
    {
        // As MessagePack only where there is something to put beside the message: else the test reads the request.
        _peer.Connection.UseCodec(bytes is null ? RpcCodec.Json : RpcCodec.MessagePack);
        return (await _peer.Connection.CallAsync<EchoBytesCall<T, TReading>, T>(new(bytes ?? new byte[1]), Timeout.InfiniteTimeSpan, CancellationToken.None)).Value;
    }

    private async Task AnswerAsync(byte type, long place, long length) => _peer.Send(Answer(IdOf(await _peer.ReceiveAsync()), type, place, length));

    private static byte[] Answer(long id, byte type, long place, long length)
    {
        OutputBuffer output = new();
        MessagePackValueWriter writer = new(output);
        writer.BeginMap(3);
        writer.WriteName("jsonrpc"u8);
        writer.WriteString("2.0");
        writer.WriteName("id"u8);
        writer.WriteInt64(id);
        writer.WriteName("result"u8);
        Span<byte> reference = stackalloc byte[18];
        reference[0] = MessagePackCode.FixExt16;
        reference[1] = type;
        BinaryPrimitives.WriteInt64BigEndian(reference[2..], place);
        BinaryPrimitives.WriteInt64BigEndian(reference[10..], length);
        output.Write(reference);
        return output.WrittenSpan.ToArray();
    }

    private void SendChunk(long transfer, long length, int bytes)
    {
        OutputBuffer output = new();
        ChunkMessage.Write(output, transfer, length, new byte[bytes]);
        _peer.Send(output.WrittenSpan.ToArray());
    }

    private unsafe void Scribble(long at, long value) => Volatile.Write(ref *(long*)(_far.Mapping.Start + at), value);

    private static long IdOf(string request) =>
        long.Parse(IdPattern().Match(request).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("\"id\":(\\d+)")]
    private static partial Regex IdPattern();
}

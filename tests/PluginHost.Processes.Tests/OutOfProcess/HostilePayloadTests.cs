using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using PluginHost.Contracts.Faults;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Processes.Tests.OutOfProcess;

/// <summary>Real workers that lie about the memory of large values, or do to it whatever they can, while the host uses it.</summary>
public sealed class HostilePayloadTests : IAsyncLifetime
{
    private const int Mebi = 1024 * 1024;
    private const int MaxBytes = 3 * Mebi;
    private const long AreaBytes = 4 * Mebi;
    private const long MostAllocated = 64 * Mebi;
    private const byte Shared = 0x50;
    private const byte Chunked = 0x51;
    private static readonly byte[] s_large = new byte[100_000];
    private readonly FixtureWorkers _workers = new(RpcCodec.MessagePack)
    {
        Options = new ProcessTierOptions { Transport = WorkerTransport.Socket, PayloadAreaBytes = AreaBytes, MaxPayloadBytes = MaxBytes },
    };

    public static TheoryData<string, int> Attacks { get; } = new(
        from how in (string[])["control", "unmap"] from seed in Enumerable.Range(1, FixtureWorkers.IsSoak ? 20 : 2) select (how, seed));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _workers.DisposeAsync();

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task The_host_lives_through_an_attack_with_one_fault_and_a_new_worker_serves(string how, int seed)
    {
        FixtureWorker victim = await StartAsync();
        FixtureWorker neighbour = await StartAsync();
        using IMemoryOwner<byte> owned = victim.Plugin.OwnBytes(200_000);
        using CancellationTokenSource enough = new();
        Task[] callers = [.. Callers(victim, enough.Token)];

        PluginException? refused = Attack.Begin(() => victim.Plugin.AttackPayloads(how, seed));
        FaultRecord record = await victim.Instance.Died.WaitAsync(TimeSpan.FromSeconds(60));
        await enough.CancelAsync();
        await Task.WhenAll(callers);

        // A worker that unmaps its own memory ends by what its next look at it does.
        Assert.True(how == "unmap" ? record.Kind == FaultKind.Signal : record.Kind is FaultKind.ProtocolViolation or FaultKind.LimitExceeded, record.Message);
        Attack.AssertOneFault(_workers, victim, record, refused);
        Assert.Equal(Numbered(200_000), owned.Memory.Span);
        Assert.Equal(Numbered(200_000), neighbour.Plugin.Bytes(200_000));
        await AssertNextServesAsync(victim);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Bytes_that_are_written_over_while_they_are_read_harm_nobody(int seed)
    {
        FixtureWorker victim = await StartAsync();
        using IMemoryOwner<byte> owned = victim.Plugin.OwnBytes(200_000);
        victim.Plugin.AttackPayloads("data", seed);

        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(300_000, victim.Plugin.Bytes(300_000).Length);
            Assert.InRange(victim.Plugin.SumBytes(s_large), 0, 255L * s_large.Length);
            using IMemoryOwner<byte> mine = victim.Plugin.OwnBytes(100_000);
            Assert.Equal(100_000, mine.Memory.Span.ToArray().Length);
        }

        Assert.Equal(200_000, owned.Memory.Span.ToArray().Length);
        Assert.False(victim.Instance.Died.IsCompleted);
    }

    [Theory]
    [InlineData(Shared, -4096, 100_000)]
    [InlineData(Shared, 1, 100_000)]
    [InlineData(Shared, AreaBytes, 100_000)]
    [InlineData(Shared, AreaBytes - 4096, 4097)]
    [InlineData(Shared, long.MaxValue - 4095, 100_000)]
    [InlineData(Shared, 0, 0)]
    [InlineData(Shared, 0, -1)]
    [InlineData(Shared, 0, int.MaxValue)]
    [InlineData(Shared, 0, long.MaxValue)]
    [InlineData(Shared, long.MinValue, long.MinValue)]
    [InlineData(Chunked, 7, 100_000)]
    [InlineData(Chunked, -1, int.MaxValue)]
    public async Task An_answer_that_names_bytes_that_cannot_be_ends_its_worker_and_takes_no_memory(byte carrier, long place, long length)
    {
        FixtureWorker victim = await StartAsync();
        Task<byte[]> asked = victim.Plugin.NoBytesAsync(CancellationToken.None);
        long before = GC.GetTotalAllocatedBytes(precise: true);

        PluginException? refused = Attack.Begin(() => victim.Plugin.Inject(Answers(carrier, place, length)));
        FaultRecord record = await victim.Instance.Died.WaitAsync(Shell.Long);

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, MostAllocated);
        PluginException lost = await Assert.ThrowsAnyAsync<PluginException>(() => asked);
        Assert.Equal((FaultKind.ProtocolViolation, FaultKind.ProtocolViolation), (record.Kind, lost.Kind));
        Assert.Contains($"The peer names {length} bytes of ", record.Message, StringComparison.Ordinal);
        Attack.AssertOneFault(_workers, victim, record, refused);
        await AssertNextServesAsync(victim);
    }

    [Fact]
    public async Task A_block_that_is_given_twice_ends_its_worker_and_stays_with_its_first_owner()
    {
        FixtureWorker victim = await StartAsync();
        using IMemoryOwner<byte> owned = victim.Plugin.OwnBytes(100_000);
        Task<byte[]> asked = victim.Plugin.NoBytesAsync(CancellationToken.None);

        PluginException? refused = Attack.Begin(() => victim.Plugin.Inject(Answers(Shared, 0, 100_000)));
        FaultRecord record = await victim.Instance.Died.WaitAsync(Shell.Long);

        await Assert.ThrowsAnyAsync<PluginException>(() => asked);
        Assert.Contains("0 to 100000 are still in use here", record.Message, StringComparison.Ordinal);
        Assert.Equal(Numbered(100_000), owned.Memory.Span);
        Attack.AssertOneFault(_workers, victim, record, refused);
        await AssertNextServesAsync(victim);
    }

    [Theory]
    [InlineData(2, 0, "gave back the shared memory at 0, and has none there")]
    [InlineData(2, 4096, "gave back the shared memory at 4096, and has none there")]
    [InlineData(2, -4096, "gave back the shared memory at -4096, and has none there")]
    [InlineData(2, long.MaxValue, "gave back the shared memory at 9223372036854775807, and has none there")]
    [InlineData(-1, 0, "count of shared memory given back cannot be")]
    [InlineData(long.MaxValue, 0, "count of shared memory given back cannot be")]
    public async Task Memory_that_is_freed_twice_or_was_never_taken_ends_its_worker(long count, long offset, string expected)
    {
        const int Entries = 128;
        FixtureWorker victim = await StartAsync();
        Assert.Equal(0, victim.Plugin.SumBytes(s_large));

        // The host's queue begins the memory: a count, and behind it one entry that is right. A call's memory is given back behind its answer.
        Eventually.True(() => victim.Plugin.ReadPayloads(0) == 1, "The call's memory was not given back.");
        victim.Plugin.WritePayloads(Entries + sizeof(long), BitConverter.GetBytes(offset));
        victim.Plugin.WritePayloads(0, BitConverter.GetBytes(count));
        PluginException lost = Assert.ThrowsAny<PluginException>(() => victim.Plugin.SumBytes(s_large));
        FaultRecord record = await victim.Instance.Died.WaitAsync(Shell.Long);

        Assert.Contains(expected, record.Message, StringComparison.Ordinal);
        Attack.AssertOneFault(_workers, victim, record, lost);
        await AssertNextServesAsync(victim);
    }

    [Fact]
    public async Task An_announced_message_over_the_limit_ends_the_worker_and_names_the_limit()
    {
        FixtureWorker victim = await StartAsync();

        PluginException? refused = Attack.Begin(() => victim.Plugin.Inject([0x02, 0x00, 0x00, 0x00]));
        FaultRecord record = await victim.Instance.Died.WaitAsync(Shell.Long);

        Assert.Equal((FaultKind.LimitExceeded, "limits.message"), (record.Kind, record.Limit));
        Assert.Contains("33554432 bytes; the limit for a message is 16777216", record.Message, StringComparison.Ordinal);
        Attack.AssertOneFault(_workers, victim, record, refused);
        Assert.True(refused is null || refused.FaultId == record.Id, refused?.FaultId);
    }

    [Theory]
    [InlineData(1, MaxBytes + 1L)]
    [InlineData(1, long.MaxValue)]
    [InlineData(1, 0)]
    [InlineData(1100, MaxBytes)]
    public async Task Chunks_that_announce_more_than_they_bring_take_no_memory(int transfers, long length)
    {
        FixtureWorker victim = await StartAsync();
        byte[] chunks = [.. Enumerable.Range(0, transfers).SelectMany(i => Chunk(i, length))];
        long before = GC.GetTotalAllocatedBytes(precise: true);

        PluginException? refused = Attack.Begin(() => victim.Plugin.Inject(chunks));
        FaultRecord record = await victim.Instance.Died.WaitAsync(Shell.Long);

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, MostAllocated);
        Assert.Equal((FaultKind.LimitExceeded, "MaxPayloadBytes"), (record.Kind, record.Limit));
        Assert.Contains("MaxPayloadBytes", record.Message, StringComparison.Ordinal);
        Attack.AssertOneFault(_workers, victim, record, refused);
        await AssertNextServesAsync(victim);
    }

    [Fact]
    public async Task Nobody_truncates_the_memory()
    {
        FixtureWorker worker = await StartAsync();

        Assert.EndsWith(" 0 truncated", worker.Plugin.TruncatePayloads(Environment.ProcessId));

        Assert.Equal(Numbered(300_000), worker.Plugin.Bytes(300_000));
    }

    private Task<FixtureWorker> StartAsync(int generation = 1) =>
        _workers.StartAsync(limits: new PluginLimits { CallTimeout = TimeSpan.FromSeconds(20) }, generation: generation);

    private async Task AssertNextServesAsync(FixtureWorker victim)
    {
        FixtureWorker next = await StartAsync(generation: 2);
        Assert.Equal(Numbered(300_000), next.Plugin.Bytes(300_000));
        Assert.Equal(Numbered(100_000).Sum(b => (long)b), next.Plugin.SumBytes(Numbered(100_000)));
        Assert.False(Eventually.IsRunning(victim.Pid));
    }

    private static IEnumerable<Task> Callers(FixtureWorker victim, CancellationToken enough)
    {
        Action[] calls =
        [
            () => victim.Plugin.Bytes(300_000),
            () => victim.Plugin.SumBytes(s_large),
            () => victim.Plugin.OwnBytes(100_000).Dispose(),
        ];
        return calls.Select(call => Task.Run(
            () => Attack.CallAsync(
                victim,
                () =>
                {
                    call();
                    return Task.CompletedTask;
                },
                enough),
            CancellationToken.None));
    }

    private static byte[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i % 251))];

    /// <summary>Answers to each of the ids that a call may have which waits; ids are a generation and a place, and both are small here.</summary>
    private static byte[] Answers(byte carrier, long place, long length)
    {
        List<byte> frames = [];
        for (long generation = 1; generation <= 40; generation++)
        {
            for (long index = 0; index < 2; index++)
            {
                frames.AddRange(Frame([0x83, .. Text("jsonrpc"), .. Text("2.0"), .. Text("id"), .. Integer((generation << 16) | index), .. Text("result"), 0xd8, carrier, .. BigEndian(place), .. BigEndian(length)]));
            }
        }

        return [.. frames];
    }

    private static byte[] Chunk(long transfer, long length) => Frame(
        [0x83, .. Text("jsonrpc"), .. Text("2.0"), .. Text("method"), .. Text("$/pluginhost/chunk"), .. Text("params"), 0x93, .. Integer(transfer), .. Integer(length), 0xc4, 1, 7]);

    private static byte[] Frame(byte[] message)
    {
        byte[] header = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(header, message.Length);
        return [.. header, .. message];
    }

    private static byte[] Text(string text) => [(byte)(0xa0 + text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Integer(long value) => [0xd3, .. BigEndian(value)];

    private static byte[] BigEndian(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}

using System.Buffers;
using System.Diagnostics;
using Fixtures.Features.Contract;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tests.Support;

namespace PluginHost.Runtime.Tests.OnEveryTier;

/// <summary>
/// What large values, streams and memory that is owned do, whatever the tier and the codec. One subclass each, with one host for all of its tests: they
/// leave nothing open, and what they count they count from where the test before them left it.
/// </summary>
public abstract class ContractBytesTests(FeaturesFixture host)
{
    private IFeatures Features => host.Features;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<int> ByteCounts => [0, 1, 64 * 1024, (64 * 1024) + 1, 3_000_000];

    [Theory]
    [MemberData(nameof(ByteCounts))]
    public async Task Bytes_of_every_type_cross_both_ways(int count)
    {
        byte[] bytes = Numbered(count);
        byte[] reversed = [.. bytes.Reverse()];

        byte[]? flipped = await Features.FlipAsync(bytes, Cancelled);

        Assert.True(reversed.AsSpan().SequenceEqual(flipped));
        Assert.True(reversed.AsSpan().SequenceEqual(Features.Reverse(bytes).Span));
        Assert.True(reversed.AsSpan().SequenceEqual(Features.ReverseInPlace(bytes.ToArray()).Span));
        Assert.Null(await Features.FlipAsync(null, Cancelled));
    }

    [Theory]
    [MemberData(nameof(ByteCounts))]
    public async Task Owned_memory_is_the_callers_until_it_disposes_it(int count)
    {
        int before = Features.Disowned();
        IMemoryOwner<byte>? owner = await Features.OwnLaterAsync(count, Cancelled);
        IMemoryOwner<byte> second = Features.Own(count);

        Assert.True(Numbered(count).AsSpan().SequenceEqual(owner!.Memory.Span));
        Assert.True(Numbered(count).AsSpan().SequenceEqual(second.Memory.Span));
        owner.Dispose();
        second.Dispose();
        await ContractFeatureTests.UntilAsync(() => Features.Disowned() == before + 2);
        Assert.Null(await Features.OwnLaterAsync(-1, Cancelled));
    }

    [Theory]
    [MemberData(nameof(ByteCounts))]
    public async Task A_stream_crosses_as_an_argument_and_is_disposed_at_its_end(int count)
    {
        byte[] bytes = Numbered(count);
        WatchedStream stream = new(bytes);

        Assert.Equal(bytes.Sum(b => (long)b), await Features.MeasureAsync(stream, int.MaxValue, Cancelled));
        Assert.Equal(-1, await Features.MeasureAsync(null, 0, Cancelled));
        await ContractFeatureTests.UntilAsync(() => stream.IsDisposed);
    }

    [Fact]
    public async Task A_stream_argument_that_is_not_read_to_its_end_is_disposed_with_its_call()
    {
        WatchedStream stream = new(Numbered(3_000_000));

        Assert.Equal(Numbered(100).Sum(b => (long)b), await Features.MeasureAsync(stream, 100, Cancelled));

        await ContractFeatureTests.UntilAsync(() => stream.IsDisposed);
    }

    [Fact]
    public async Task A_stream_argument_that_nobody_reads_is_disposed_with_its_call()
    {
        WatchedStream stream = new(Numbered(3_000_000));

        Assert.Equal(0, await Features.MeasureAsync(stream, 0, Cancelled));

        await ContractFeatureTests.UntilAsync(() => stream.IsDisposed);
    }

    [Fact]
    public async Task A_stream_argument_of_a_call_that_is_cancelled_is_disposed_with_it()
    {
        using CancellationTokenSource given = new();
        using SemaphoreSlim never = new(0);
        WatchedStream stream = new(Numbered(3_000_000), never);
        Task<long> call = Features.MeasureAsync(stream, int.MaxValue, given.Token);
        await ContractFeatureTests.UntilAsync(() => stream.WasRead);

        await given.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await ContractFeatureTests.UntilAsync(() => stream.IsDisposed);
    }

    [Fact]
    public async Task Owned_memory_cannot_be_reached_once_it_was_disposed()
    {
        int before = Features.Disowned();
        foreach (int count in (int[])[10, 3_000_000])
        {
            IMemoryOwner<byte>? owner = await Features.OwnLaterAsync(count, Cancelled);

            owner!.Dispose();
            owner.Dispose();

            Assert.Throws<ObjectDisposedException>(() => owner.Memory.Span.Length);
        }

        await ContractFeatureTests.UntilAsync(() => Features.Disowned() == before + 2);
    }

    [Theory]
    [MemberData(nameof(ByteCounts))]
    public async Task A_stream_crosses_as_a_result_and_is_read_forward_once(int count)
    {
        int finished = Features.Finished();
        Stream? stream = await Features.OpenBytesAsync(count, Cancelled);
        using MemoryStream copy = new();

        Assert.True(stream!.CanRead && !stream.CanSeek && !stream.CanWrite);
        await stream.CopyToAsync(copy, Cancelled);
        await stream.DisposeAsync();

        Assert.True(Numbered(count).AsSpan().SequenceEqual(copy.ToArray()));
        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
        await ContractFeatureTests.UntilAsync(() => Features.Finished() == finished + 1);
        Assert.Null(await Features.OpenBytesAsync(-1, Cancelled));
    }

    [Fact]
    public async Task A_result_stream_that_is_disposed_early_ends_on_the_other_side()
    {
        int finished = Features.Finished();
        using (Stream? stream = await Features.OpenBytesAsync(5_000_000, Cancelled))
        {
            Assert.Equal(0, stream!.ReadByte());
            Assert.Equal(1, stream.ReadByte());
        }

        await ContractFeatureTests.UntilAsync(() => Features.Finished() == finished + 1);
    }

    [Fact]
    public async Task A_result_stream_that_nobody_reads_is_disposed_on_the_other_side()
    {
        int finished = Features.Finished();
        Stream? stream = await Features.OpenBytesAsync(5_000_000, Cancelled);

        await stream!.DisposeAsync();

        await ContractFeatureTests.UntilAsync(() => Features.Finished() == finished + 1);
    }

    private static byte[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i % 251))];

    /// <param name="bytes">What it holds.</param>
    /// <param name="gate">Where a read waits first; null for nowhere.</param>
    private sealed class WatchedStream(byte[] bytes, SemaphoreSlim? gate = null) : MemoryStream(bytes, writable: false)
    {
        private volatile bool _isDisposed;
        private volatile bool _wasRead;

        public bool WasRead => _wasRead;

        public bool IsDisposed => _isDisposed;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _wasRead = true;
            await (gate?.WaitAsync(cancellationToken) ?? Task.CompletedTask);
            return await base.ReadAsync(buffer, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            _isDisposed = true;
            base.Dispose(disposing);
        }
    }
}

public sealed class InProcessContractBytesTests(InProcessContractBytesTests.Host host) : ContractBytesTests(host), IClassFixture<InProcessContractBytesTests.Host>
{
    public sealed class Host() : FeaturesFixture(() => SampleHost.StartFeaturesAsync(PluginTier.InProcess, spare: SpareMode.None));
}

public sealed class InProcessRoundTripContractBytesTests(InProcessRoundTripContractBytesTests.Host host) : ContractBytesTests(host), IClassFixture<InProcessRoundTripContractBytesTests.Host>
{
    public sealed class Host() : FeaturesFixture(() => SampleHost.StartFeaturesAsync(PluginTier.InProcess, roundTrip: true, spare: SpareMode.None));
}

public sealed class ProcessMessagePackContractBytesTests(ProcessMessagePackContractBytesTests.Host host) : ContractBytesTests(host), IClassFixture<ProcessMessagePackContractBytesTests.Host>
{
    public sealed class Host() : FeaturesFixture(() => SampleHost.StartFeaturesAsync(PluginTier.Process, RpcCodec.MessagePack, spare: SpareMode.None));
}

public sealed class ProcessJsonContractBytesTests(ProcessJsonContractBytesTests.Host host) : ContractBytesTests(host), IClassFixture<ProcessJsonContractBytesTests.Host>
{
    public sealed class Host() : FeaturesFixture(() => SampleHost.StartFeaturesAsync(PluginTier.Process, RpcCodec.Json, spare: SpareMode.None));
}

public sealed class ProcessRingContractBytesTests(ProcessRingContractBytesTests.Host host) : ContractBytesTests(host), IClassFixture<ProcessRingContractBytesTests.Host>
{
    public sealed class Host() : FeaturesFixture(() => SampleHost.StartFeaturesAsync(PluginTier.Process, RpcCodec.MessagePack, transport: WorkerTransport.Ring, spare: SpareMode.None));
}

/// <summary>What the application holds of a worker's memory when the worker dies.</summary>
public sealed class OwnedMemoryCrashTests
{
    [Fact]
    public async Task Owned_memory_stays_readable_when_its_worker_is_killed()
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        await using SampleHost host = await SampleHost.StartFeaturesAsync(PluginTier.Process);
        IFeatures features = host.Runtime.Get<IFeatures>(SampleHost.Features);
        byte[] expected = [.. Enumerable.Range(0, 5_000_000).Select(i => (byte)(i % 251))];
        using IMemoryOwner<byte>? owner = await features.OwnLaterAsync(5_000_000, cancelled);
        using Process worker = Process.GetProcessById(host.Status(SampleHost.Features).WorkerPid!.Value);

        worker.Kill();
        await worker.WaitForExitAsync(cancelled);

        Assert.True(expected.AsSpan().SequenceEqual(owner!.Memory.Span));
    }
}

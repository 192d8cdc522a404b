using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Cancellation and deadlines, whatever the codec.</summary>
public abstract class RpcCancellationTests(RpcCodec codec, int ringBytes = 0)
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Cancelling_ends_the_call_at_once_and_stops_the_handler()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        using CancellationTokenSource cancellation = new();
        Task<RpcReply<int>> call = pair.Near.CallAsync<WaitCall, int>(new WaitCall(1), s_long, cancellation.Token).AsTask();
        await pair.FarProbe.Entered(1);

        await cancellation.CancelAsync();

        OperationCanceledException thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(cancellation.Token, thrown.CancellationToken);
        await Until.Ends(pair.FarProbe.Cancelled(1));
    }

    [Fact]
    public async Task Cancelling_works_from_the_far_side_too()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        using CancellationTokenSource cancellation = new();
        Task<RpcReply<int>> call = pair.Far.CallAsync<WaitCall, int>(new WaitCall(1), s_long, cancellation.Token).AsTask();
        await pair.NearProbe.Entered(1);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Until.Ends(pair.NearProbe.Cancelled(1));
    }

    [Fact]
    public async Task A_blocking_call_is_cancelled_too()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        using CancellationTokenSource cancellation = new();
        Task<RpcReply<int>> call = Task.Run(() => pair.Near.Call<WaitCall, int>(new WaitCall(1), s_long, cancellation.Token));
        await pair.FarProbe.Entered(1);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_sends_nothing()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await pair.Near.CallAsync<WaitCall, int>(new WaitCall(1), s_long, new CancellationToken(canceled: true)));

        await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default);
        Assert.Equal(0, pair.FarProbe.Started);
    }

    [Fact]
    public async Task Cancelling_that_races_the_answer_loses_and_doubles_nothing()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        int count = Soak.Count(5_000, 100_000);
        int answered = 0;
        int cancelled = 0;

        for (int i = 0; i < count; i++)
        {
            using CancellationTokenSource cancellation = new();
            ValueTask<RpcReply<int>> call = pair.Near.CallAsync<AddCall, int>(new AddCall(i, 1), s_long, cancellation.Token);
            Thread.SpinWait(i % 700);
            ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), cancellation, preferLocal: false);
            try
            {
                Assert.Equal(i + 1, (await call).Value);
                answered++;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }

            await Until.True(() => cancellation.IsCancellationRequested);
        }

        Assert.Equal(count, answered + cancelled);
        Assert.Equal(0, pair.Near.PendingOutbound);
        Assert.Equal(3, (await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
        Assert.False(pair.Near.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_deadline_ends_the_call_and_stops_the_handler()
    {
        ManualTimeProvider clock = new();
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes, near: o => o with { Clock = clock });
        Task<RpcReply<int>> call = pair.Near.CallAsync<WaitCall, int>(new WaitCall(1), TimeSpan.FromSeconds(2), default).AsTask();
        await pair.FarProbe.Entered(1);

        clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(call.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));

        RpcTimeoutException thrown = await Assert.ThrowsAsync<RpcTimeoutException>(() => Until.Ends(call));
        Assert.Equal(TimeSpan.FromSeconds(2), thrown.Timeout);
        Assert.True(thrown.WasSent);
        await Until.Ends(pair.FarProbe.Cancelled(1));
    }

    [Fact]
    public async Task A_late_answer_to_a_call_that_was_given_up_is_dropped()
    {
        ManualTimeProvider clock = new();
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes, near: o => o with { Clock = clock, MaxUnsolicitedAnswers = 0 });
        for (int i = 0; i < 10; i++)
        {
            Task<RpcReply<int>> call = pair.Near.CallAsync<WaitCall, int>(new WaitCall(i), TimeSpan.FromSeconds(1), default).AsTask();
            await pair.FarProbe.Entered(i);
            clock.Advance(TimeSpan.FromSeconds(2));
            await Assert.ThrowsAsync<RpcTimeoutException>(() => Until.Ends(call));
        }

        await Until.True(() => pair.Far.PendingInbound == 0);

        Assert.Equal(3, (await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
        Assert.False(pair.Near.Closed.IsCompleted);
    }

    [Fact]
    public async Task No_deadline_means_no_deadline()
    {
        ManualTimeProvider clock = new();
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes, near: o => o with { Clock = clock });
        Task<RpcReply<int>> call = pair.Near.CallAsync<WaitCall, int>(new WaitCall(1), Timeout.InfiniteTimeSpan, default).AsTask();
        await pair.FarProbe.Entered(1);

        clock.Advance(TimeSpan.FromDays(300));
        pair.FarProbe.Gate(1).SetResult(9);

        Assert.Equal(9, (await Until.Ends(call)).Value);
    }

    [Fact]
    public async Task Ten_thousand_calls_allocate_nothing_on_either_side()
    {
        await using ConnectedPair pair = new(codec, ringBytes: ringBytes);
        using CancellationTokenSource cancellation = new();
        await CallAsync(pair.Near, 3000, cancellation.Token);
        double least = double.MaxValue;

        // What else the process does at the same time counts too: the quietest of a few runs is this code's own.
        for (int run = 0; run < 5 && least >= 1; run++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await CallAsync(pair.Near, 10_000, cancellation.Token);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / 10_000.0);
        }

        Assert.InRange(least, 0, 1);
    }

    private static async Task CallAsync(RpcConnection connection, int count, CancellationToken token)
    {
        for (int i = 0; i < count; i++)
        {
            await connection.CallAsync<AddCall, int>(new AddCall(i, 1), s_long, token);
        }
    }
}

[Collection("alone")]
public sealed class RpcCancellationOverMessagePackTests() : RpcCancellationTests(RpcCodec.MessagePack);

[Collection("alone")]
public sealed class RpcCancellationOverJsonTests() : RpcCancellationTests(RpcCodec.Json);

[Collection("alone")]
public sealed class RpcCancellationOverRingAndMessagePackTests() : RpcCancellationTests(RpcCodec.MessagePack, ringBytes: 64 * 1024);

[Collection("alone")]
public sealed class RpcCancellationOverRingAndJsonTests() : RpcCancellationTests(RpcCodec.Json, ringBytes: 64 * 1024);

/// <summary>What counts the process's allocations runs with nothing beside it.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;

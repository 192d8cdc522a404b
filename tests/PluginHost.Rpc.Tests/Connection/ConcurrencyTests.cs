using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>What runs side by side on one connection, and in which order.</summary>
public abstract class ConcurrencyTests(RpcCodec codec)
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_notification_starts_before_the_request_that_was_sent_after_it()
    {
        await using ConnectedPair pair = new(codec);
        for (int i = 0; i < 500; i++)
        {
            int[] seen = [];
            pair.FarProbe.Callback = () =>
            {
                seen = [.. pair.FarProbe.Told];
                return ValueTask.CompletedTask;
            };

            pair.Near.Notify(new TellCall(i));
            await pair.Near.CallAsync<FailCall, NoResult>(new FailCall("callback"), s_long, default);

            Assert.Equal(i + 1, seen.Length);
        }
    }

    [Fact]
    public async Task Disposing_while_many_threads_send_ends_every_call_once()
    {
        for (int round = 0; round < 10; round++)
        {
            ConnectedPair pair = new(codec);
            using Barrier start = new(5);
            Task<int>[] callers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                start.SignalAndWait();
                int answered = 0;
                try
                {
                    while (true)
                    {
                        Assert.Equal("x", (await pair.Near.CallAsync<EchoCall, string?>(new EchoCall("x"), s_long, default)).Value);
                        answered++;
                    }
                }
                catch (RpcConnectionLostException)
                {
                    return answered;
                }
            }))];
            start.SignalAndWait();
            while (!callers.Any(c => c.IsCompleted) && pair.Far.PendingInbound == 0)
            {
                await Task.Yield();
            }

            await Until.Ends(pair.Near.DisposeAsync().AsTask());

            await Until.Ends(Task.WhenAll(callers));
            Assert.Equal(0, pair.Near.PendingOutbound);
            await pair.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_write_that_a_silent_peer_blocks_does_not_hold_up_the_close_or_another_connection()
    {
        await using ConnectedPair other = new(codec);
        RawPeer silent = new(o => o with { Codec = codec, MaxUnsentBytes = 8 * 1024 * 1024 });
        Task[] blocked = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            await silent.Connection.CallAsync<EchoCall, string?>(new EchoCall(new string('x', 500_000)), s_long, default)))];
        await Until.True(() => silent.Connection.PendingOutbound == 8);

        Assert.Equal(3, (await Until.Ends(other.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default).AsTask())).Value);
        await Until.Ends(silent.Connection.DisposeAsync().AsTask());

        foreach (Task call in blocked)
        {
            await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        }

        await silent.DisposeAsync();
    }

    [Fact]
    public async Task Handlers_call_back_to_any_depth()
    {
        await using ConnectedPair pair = new(codec);
        int depth = 0;
        async ValueTask Deeper(RpcConnection connection)
        {
            if (Interlocked.Increment(ref depth) < 20)
            {
                await connection.CallAsync<FailCall, NoResult>(new FailCall("callback"), s_long, default);
            }
        }

        pair.FarProbe.Callback = () => Deeper(pair.Far);
        pair.NearProbe.Callback = () => Deeper(pair.Near);

        await Until.Ends(pair.Near.CallAsync<FailCall, NoResult>(new FailCall("callback"), s_long, default).AsTask());

        Assert.Equal(20, depth);
    }

    [Fact]
    public async Task A_handler_that_throws_before_it_awaits_is_answered_like_one_that_throws_later()
    {
        await using ConnectedPair pair = new(codec);
        pair.FarProbe.Callback = () => throw new InvalidOperationException("At once.");

        RpcErrorException thrown = await Assert.ThrowsAsync<RpcErrorException>(
            async () => await pair.Near.CallAsync<FailCall, NoResult>(new FailCall("callback"), s_long, default));

        Assert.Equal("At once.", thrown.RemoteMessage);
        Assert.Equal(3, (await pair.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
        await Until.True(() => pair.Far.PendingInbound == 0);
    }

    [Fact]
    public async Task Sixty_four_at_a_time_both_ways_are_never_mixed_up()
    {
        await using ConnectedPair pair = new(codec);

        await Until.Ends(Task.WhenAll(Enumerable.Range(0, 64).Select(async lane =>
        {
            for (int i = 0; i < 100; i++)
            {
                RpcConnection from = (lane & 1) == 0 ? pair.Near : pair.Far;
                Assert.Equal((lane * 1000) + i, (await from.CallAsync<AddCall, int>(new AddCall(lane * 1000, i), s_long, default)).Value);
            }
        })));

        Assert.Equal((0, 0), (pair.Near.PendingOutbound, pair.Far.PendingOutbound));
    }

    [Fact]
    public async Task Closing_from_a_handler_ends_both_sides()
    {
        await using ConnectedPair pair = new(codec);
        Task closing = Task.CompletedTask;
        pair.FarProbe.Callback = () =>
        {
            closing = pair.Far.DisposeAsync().AsTask();
            return ValueTask.CompletedTask;
        };

        Task<RpcReply<NoResult>> call = pair.Near.CallAsync<FailCall, NoResult>(new FailCall("callback"), s_long, default).AsTask();

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        await Until.Ends(closing);
        Assert.Equal(RpcCloseKind.PeerClosed, (await Until.Ends(pair.Near.Closed)).Kind);
        await Assert.ThrowsAnyAsync<Exception>(async () => await pair.Far.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default));
    }
}

public sealed class ConcurrencyOverMessagePackTests() : ConcurrencyTests(RpcCodec.MessagePack);

public sealed class ConcurrencyOverJsonTests() : ConcurrencyTests(RpcCodec.Json);

using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Callers that block and read their own answers while the reading thread rests.</summary>
public sealed class BlockingCallerTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Blocking_and_awaiting_callers_share_a_connection()
    {
        await using ConnectedPair pair = new(RpcCodec.MessagePack);

        Task[] callers =
        [
            .. Enumerable.Range(0, 3).Select(flow => Task.Factory.StartNew(
                () =>
                {
                    for (int i = 0; i < 2000; i++)
                    {
                        Assert.Equal(flow + i, pair.Near.Call<AddCall, int>(new AddCall(flow, i), s_long, default).Value);
                    }
                },
                TaskCreationOptions.LongRunning)),
            .. Enumerable.Range(0, 2).Select(flow => Task.Run(async () =>
            {
                for (int i = 0; i < 2000; i++)
                {
                    Assert.Equal(flow - i, (await pair.Near.CallAsync<AddCall, int>(new AddCall(flow, -i), s_long, default)).Value);
                }
            })),
        ];

        await Until.Ends(Task.WhenAll(callers));
        Assert.Equal(0, pair.Near.PendingOutbound);
    }

    [Fact]
    public async Task A_time_out_and_a_cancellation_end_a_caller_that_reads_for_itself()
    {
        await using ConnectedPair pair = new(RpcCodec.MessagePack);
        Warm(pair);
        using CancellationTokenSource cancellation = new();

        await Until.Ends(Task.Run(() => Assert.Throws<RpcTimeoutException>(
            () => pair.Near.Call<WaitCall, int>(new WaitCall(1), TimeSpan.FromMilliseconds(30), default))));
        Warm(pair);
        Task cancelled = Task.Run(() => Assert.ThrowsAny<OperationCanceledException>(
            () => pair.Near.Call<WaitCall, int>(new WaitCall(2), s_long, cancellation.Token)));
        await pair.FarProbe.Entered(2);
        await cancellation.CancelAsync();
        await Until.Ends(cancelled);

        Assert.Equal(3, pair.Near.Call<AddCall, int>(new AddCall(1, 2), s_long, default).Value);
    }

    [Fact]
    public async Task The_peers_end_is_noticed_by_a_caller_that_reads_for_itself_and_without_any_caller()
    {
        await using ConnectedPair idle = new(RpcCodec.MessagePack);
        await using ConnectedPair calling = new(RpcCodec.MessagePack);
        Warm(idle);
        Warm(calling);
        Task<RpcConnectionLostException> call = Task.Run(() => Assert.Throws<RpcConnectionLostException>(
            () => calling.Near.Call<WaitCall, int>(new WaitCall(1), s_long, default)));
        await calling.FarProbe.Entered(1);

        await calling.Far.DisposeAsync();
        await idle.Far.DisposeAsync();

        Assert.Equal(RpcCloseKind.PeerClosed, (await Until.Ends(call)).Reason.Kind);
        Assert.Equal(RpcCloseKind.PeerClosed, (await Until.Ends(idle.Near.Closed)).Kind);
    }

    [Fact]
    public async Task Calls_of_the_peer_are_taken_while_a_caller_reads_for_itself()
    {
        await using ConnectedPair pair = new(RpcCodec.MessagePack);
        Warm(pair);
        pair.FarProbe.Callback = async () => await pair.Far.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default);

        for (int i = 0; i < 200; i++)
        {
            pair.Near.Call<FailCall, NoResult>(new FailCall("callback"), s_long, default);
        }

        Assert.Equal(0, pair.Near.PendingOutbound);
    }

    [Fact]
    public async Task A_rested_connection_closes_at_once()
    {
        ConnectedPair pair = new(RpcCodec.MessagePack);
        Warm(pair);

        await Until.Ends(pair.Near.DisposeAsync().AsTask());

        await pair.DisposeAsync();
    }

    // So many in a row that the reading thread rests.
    private static void Warm(ConnectedPair pair)
    {
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(i, pair.Near.Call<AddCall, int>(new AddCall(i, 0), s_long, default).Value);
        }
    }
}

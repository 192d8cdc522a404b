using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>More connections than there are reading threads.</summary>
public sealed class ManyConnectionsTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Two_hundred_connections_cost_no_two_hundred_threads_and_all_answer()
    {
        int before = Threads();
        List<ConnectedPair> pairs = [.. Enumerable.Range(0, 200).Select(_ => new ConnectedPair(RpcCodec.MessagePack))];

        int grown = Threads() - before;
        for (int round = 0; round < 5; round++)
        {
            await Until.Ends(Task.WhenAll(pairs.Select(async (pair, i) =>
            {
                Assert.Equal(i + round, (await pair.Near.CallAsync<AddCall, int>(new AddCall(i, round), s_long, default)).Value);
                Assert.Equal(i - round, (await pair.Far.CallAsync<AddCall, int>(new AddCall(i, -round), s_long, default)).Value);
            })));
        }

        Assert.InRange(grown, 0, ReaderThreads.Most + 32);
        Assert.Equal(41, pairs[199].Near.Call<AddCall, int>(new AddCall(19, 22), s_long, default).Value);
        foreach (ConnectedPair pair in pairs)
        {
            await Until.Ends(pair.DisposeAsync().AsTask());
        }
    }

    [Fact]
    public async Task A_shared_reader_notices_ends_and_garbage_of_one_connection_alone()
    {
        List<ConnectedPair> holders = [.. Enumerable.Range(0, 20).Select(_ => new ConnectedPair(RpcCodec.MessagePack))];
        await using RawPeer dying = new();
        await using RawPeer garbling = new();
        await using ConnectedPair healthy = new(RpcCodec.MessagePack);
        Task<RpcReply<int>> call = dying.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default).AsTask();

        dying.Socket.Dispose();
        garbling.Send("nonsense");

        await Assert.ThrowsAsync<RpcConnectionLostException>(() => Until.Ends(call));
        Assert.Equal(RpcCloseKind.ParseError, (await garbling.Closed()).Kind);
        Assert.Equal(3, (await healthy.Near.CallAsync<AddCall, int>(new AddCall(1, 2), s_long, default)).Value);
        foreach (ConnectedPair pair in holders)
        {
            await pair.DisposeAsync();
        }
    }

    private static int Threads() => Directory.GetDirectories("/proc/self/task").Length;
}

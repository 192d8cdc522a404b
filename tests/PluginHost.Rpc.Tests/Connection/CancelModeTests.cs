using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Tests.Support;
using Xunit;

namespace PluginHost.Rpc.Tests.Connection;

/// <summary>Cancelled calls that wait for their answers.</summary>
public sealed class CancelModeTests
{
    [Fact]
    public async Task A_cancelled_call_ends_with_the_answer_that_it_was_cancelled()
    {
        (RawPeer peer, Task<RpcReply<int>> call, CancellationTokenSource cancelled) = await Cancel(TimeSpan.FromMinutes(1));
        await using RawPeer peerOwned = peer;
        using CancellationTokenSource cancelledOwned = cancelled;
        bool wasOpen = !call.IsCompleted;

        peer.Send("""{"jsonrpc":"2.0","id":65536,"error":{"code":-32800,"message":"Request cancelled"}}""");

        OperationCanceledException thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));
        Assert.True(wasOpen);
        Assert.Equal(cancelled.Token, thrown.CancellationToken);
    }

    [Fact]
    public async Task A_call_that_finished_before_its_cancellation_came_gives_its_result()
    {
        (RawPeer peer, Task<RpcReply<int>> call, CancellationTokenSource cancelled) = await Cancel(TimeSpan.FromMinutes(1));
        await using RawPeer peerOwned = peer;
        using CancellationTokenSource cancelledOwned = cancelled;

        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":7}""");

        Assert.Equal(7, (await Until.Ends(call)).Value);
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_is_waited_for_no_longer_than_the_bound()
    {
        (RawPeer peer, Task<RpcReply<int>> call, CancellationTokenSource cancelled) = await Cancel(TimeSpan.FromMilliseconds(20));
        await using RawPeer peerOwned = peer;
        using CancellationTokenSource cancelledOwned = cancelled;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.Ends(call));

        peer.Send("""{"jsonrpc":"2.0","id":65536,"result":7}""");
        peer.Connection.Notify(new TellCall(1));
        Assert.Contains("Probe.Tell", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_it_was_sent_is_not_sent()
    {
        await using RawPeer peer = new(static o => o with { CancelMode = RpcCancelMode.WaitForAnswer });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), LendingPair.Patience, new CancellationToken(canceled: true)));

        peer.Connection.Notify(new TellCall(1));
        Assert.Contains("Probe.Tell", await peer.ReceiveAsync(), StringComparison.Ordinal);
    }

    private static async Task<(RawPeer Peer, Task<RpcReply<int>> Call, CancellationTokenSource Cancelled)> Cancel(TimeSpan wait)
    {
        RawPeer peer = new(o => o with { CancelMode = RpcCancelMode.WaitForAnswer, CancelWait = wait });
        CancellationTokenSource cancelled = new();
        Task<RpcReply<int>> call = peer.Connection.CallAsync<AddCall, int>(new AddCall(1, 2), LendingPair.Patience, cancelled.Token).AsTask();
        await peer.ReceiveAsync();
        await cancelled.CancelAsync();
        Assert.Equal("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":65536}}""", await peer.ReceiveAsync());
        return (peer, call, cancelled);
    }
}

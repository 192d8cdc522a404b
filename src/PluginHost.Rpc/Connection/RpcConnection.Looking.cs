namespace PluginHost.Rpc.Connection;

/// <summary>The part that tells whether the peer lives, and what is under way. Costs calls nothing.</summary>
public sealed partial class RpcConnection
{
    /// <summary>How many messages have come in. Grows for as long as the peer says anything at all, whether its handlers here run or not.</summary>
    public long ReceivedMessages => _intake.Messages;

    /// <summary>How many calls the peer has not answered, those included that were cancelled or timed out here.</summary>
    public int UnansweredOutbound => _pending.Unanswered;

    /// <summary>The wire names of the methods whose callers wait here, without an order; one for each call.</summary>
    public IReadOnlyList<string> OutboundMethods() => _pending.Methods();

    /// <summary>The peer's requests that are not answered yet, longest running first.</summary>
    /// <param name="most">How many to give at most.</param>
    public IReadOnlyList<RunningCall> RunningInbound(int most) => _inbound.Running(most);
}

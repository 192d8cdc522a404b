using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Connection;

/// <summary>Takes the answer to a call that was given up: what the result brings is given back, or the peer would keep it for ever.</summary>
internal abstract class LateAnswer
{
    /// <summary>Takes the answer.</summary>
    public abstract void Drop(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, ConnectionLeases leases);
}

/// <inheritdoc/>
internal sealed class LateAnswer<TCall, TResult> : LateAnswer
    where TCall : struct, ICall<TResult>
{
    public static LateAnswer<TCall, TResult> Instance { get; } = new();

    /// <inheritdoc/>
    public override void Drop(ReadOnlySpan<byte> frame, in Envelope envelope, RpcCodec codec, ConnectionLeases leases)
    {
        if (envelope.Kind != MessageKind.Result)
        {
            return;
        }

        CallLeases brought = new(ArgumentSequences.Instance);
        brought.BeginLateResult(leases, codec);
        try
        {
            CallEncoder.ReadResult<TCall, TResult>(envelope.Result.Of(frame), codec, brought, payloads: null);
        }
        catch (Exception e)
        {
            // Readers run code of the contract's types. Nobody waits for this result.
            leases.Channel.Failed($"Reading the late answer to {TCall.Method}", e);
        }

        brought.DropResults();
    }
}

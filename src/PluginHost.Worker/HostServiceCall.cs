using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>A call of a host service: the contract's own call, with the faults that every such method declares.</summary>
/// <param name="call">The contract's call.</param>
internal readonly struct HostServiceCall<TCall, TResult>(TCall call) : ICall<TResult>
    where TCall : struct, ICall<TResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => TCall.Method;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => call.WriteArguments(ref writer);

    /// <inheritdoc/>
    public static TResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => TCall.ReadResult(ref reader);

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct =>
        type == FaultMessage.TypeName ? FaultCodec.Read(ref reader).ToException() : TCall.ReadError(type, ref reader);
}

using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime;

/// <summary>A call that a plugin makes through a host service, on its way to another plugin: the contract's own call, and who called.</summary>
/// <param name="call">The contract's call.</param>
/// <param name="chain">The chain, as the callee's process is told.</param>
internal readonly struct ChainedCall<TCall, TResult>(TCall call, string chain) : ICall<TResult>
    where TCall : struct, ICall<TResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => TCall.Method;

    /// <inheritdoc/>
    public static bool HasChain => true;

    /// <inheritdoc/>
    public string? Chain => chain;

    /// <inheritdoc/>
    public static bool HasPartition => TCall.HasPartition;

    /// <inheritdoc/>
    public ulong Partition => TCall.HasPartition ? call.Partition : 0;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct => call.WriteArguments(ref writer);

    /// <inheritdoc/>
    public static TResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => TCall.ReadResult(ref reader);

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => TCall.ReadError(type, ref reader);
}

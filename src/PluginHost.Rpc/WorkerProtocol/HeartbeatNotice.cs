using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>
/// A worker lives, and what it runs: sent from a thread of its own while calls are pending there. A call that is named in one has been received; so no
/// message is spent on each. Immutable.
/// </summary>
/// <param name="Pending">How many calls are queued or running.</param>
/// <param name="PoolDelay">How long the thread pool has lately let a work item wait.</param>
/// <param name="Calls">Calls that are not answered yet, longest running first; not all where there are many.</param>
public sealed record HeartbeatNotice(int Pending, TimeSpan PoolDelay, IReadOnlyList<RunningCall> Calls);

/// <summary>Tells the host that the worker lives.</summary>
/// <param name="notice">The message.</param>
public readonly struct HeartbeatCall(HeartbeatNotice notice) : ICall<NoResult>
{
    /// <inheritdoc/>
    public static ContractMethod Method => HostNotificationsContract.Heartbeat;

    /// <inheritdoc/>
    public void WriteArguments<TWriter>(ref TWriter writer)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginArray(1);
        HeartbeatCodec.Write(ref writer, notice);
        writer.EndArray();
    }

    /// <inheritdoc/>
    public static NoResult ReadResult<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct
    {
        reader.Skip();
        return default;
    }

    /// <inheritdoc/>
    public static Exception? ReadError<TReader>(string type, ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct => null;
}

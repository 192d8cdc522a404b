using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.WorkerProtocol;

/// <summary>The host's side of the protocol: hears what the worker tells. Derived in the host; called on pool threads, one after another, in order.</summary>
public abstract class HostNotifications : Dispatcher
{
    /// <inheritdoc/>
    public sealed override ContractDescriptor Contract => HostNotificationsContract.Instance;

    /// <inheritdoc/>
    public sealed override int Find(ReadOnlySpan<byte> utf8WireName) =>
        utf8WireName.SequenceEqual(HostNotificationsContract.Log.Utf8WireName) ? HostNotificationsContract.Log.Index
        : utf8WireName.SequenceEqual(HostNotificationsContract.Dying.Utf8WireName) ? HostNotificationsContract.Dying.Index
        : utf8WireName.SequenceEqual(HostNotificationsContract.Heartbeat.Utf8WireName) ? HostNotificationsContract.Heartbeat.Index
        : -1;

    /// <inheritdoc/>
    public sealed override ValueTask InvokeAsync<TReader>(
        int method, ref TReader arguments, Reply reply, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reply);
        if (method == HostNotificationsContract.Log.Index)
        {
            WireMap.MoveToArgument(ref arguments, HostNotificationsContract.Log);
            OnLog(NotificationCodec.ReadLogEvent(ref arguments));
        }
        else if (method == HostNotificationsContract.Heartbeat.Index)
        {
            WireMap.MoveToArgument(ref arguments, HostNotificationsContract.Heartbeat);
            OnHeartbeat(HeartbeatCodec.Read(ref arguments));
        }
        else
        {
            WireMap.MoveToArgument(ref arguments, HostNotificationsContract.Dying);
            OnDying(NotificationCodec.ReadDyingNotice(ref arguments));
        }

        reply.Send(default(Nothing));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public sealed override string? FindError(int method, Exception exception) => null;

    /// <inheritdoc/>
    public sealed override void WriteError<TWriter>(int method, Exception exception, ref TWriter writer) =>
        throw new NotSupportedException("The host's notifications declare no errors.");

    /// <summary>The worker logged something.</summary>
    protected abstract void OnLog(LogEvent logEvent);

    /// <summary>The worker is about to end by an exception that nobody caught.</summary>
    protected abstract void OnDying(DyingNotice notice);

    /// <summary>The worker lives, and says what it runs.</summary>
    protected abstract void OnHeartbeat(HeartbeatNotice notice);

    private readonly struct Nothing : IResult
    {
        public void Write<TWriter>(ref TWriter writer)
            where TWriter : struct, IValueWriter, allows ref struct => writer.WriteNull();
    }
}

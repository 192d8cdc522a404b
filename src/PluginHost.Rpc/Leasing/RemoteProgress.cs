using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Messages;

namespace PluginHost.Rpc.Leasing;

/// <summary>
/// What a callee reports to: sends each report to the caller, in order, until its call is answered. Never waits: of reports that come faster than
/// they may, or than the peer reads, the latest is held and sent later. Thread-safe.
/// </summary>
/// <param name="token">The caller's token.</param>
/// <param name="codec">The codec of the call.</param>
/// <param name="channel">Where reports go.</param>
internal sealed class RemoteProgress<T, TCodec>(ProgressToken token, RpcCodec codec, LeaseChannel channel) : Lease, IProgress<T>
    where TCodec : struct, IValueCodec<T>
{
    private static readonly TimeSpan s_heldFor = TimeSpan.FromMilliseconds(20);
    private readonly Lock _lock = new();
    private readonly long _perReport = Math.Max(1, channel.Clock.TimestampFrequency / channel.Options.MaxReportsPerSecond);
    private OutputBuffer? _spare;
    private OutputBuffer? _held;
    private ITimer? _timer;
    private long _freeAt = long.MinValue;
    private bool _isEnded;

    /// <inheritdoc/>
    public void Report(T value)
    {
        if (Volatile.Read(ref _isEnded))
        {
            return;
        }

        OutputBuffer message = Interlocked.Exchange(ref _spare, null) ?? new OutputBuffer();
        message.Clear();
        message.Limit = channel.MaxMessageBytes;
        Write(message, value);
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            if (_held is null && MaySend_NeedsLock() && channel.Send(message.WrittenSpan, isNeeded: false))
            {
                _spare = message;
                return;
            }

            _spare = _held;
            _held = message;
            _timer ??= channel.Clock.CreateTimer(static me => ((RemoteProgress<T, TCodec>)me!).SendHeld(), this, s_heldFor, s_heldFor);
        }
    }

    /// <inheritdoc/>
    public override void CallEnded(bool hasFailed)
    {
        lock (_lock)
        {
            if (_held is not null)
            {
                channel.Send(_held.WrittenSpan, isNeeded: true);
                _held = null;
            }

            _isEnded = true;
            _timer?.Dispose();
        }
    }

    /// <inheritdoc/>
    public override void Drop() => CallEnded(hasFailed: true);

    private void SendHeld()
    {
        lock (_lock)
        {
            if (_held is not null && channel.Send(_held.WrittenSpan, isNeeded: false))
            {
                _spare = _held;
                _held = null;
            }

            if (_held is null)
            {
                _timer?.Dispose();
                _timer = null;
            }
        }
    }

    /// <summary>A bucket that holds a burst and fills at the rate that is allowed, kept as the time at which it is full again.</summary>
    private bool MaySend_NeedsLock()
    {
        long now = channel.Clock.GetTimestamp();
        long freeAt = Math.Max(_freeAt, now) + _perReport;
        if (freeAt - now > _perReport * (channel.Options.MaxQueuedReports + 1L))
        {
            return false;
        }

        _freeAt = freeAt;
        return true;
    }

    private void Write(OutputBuffer message, T value)
    {
        EnvelopeWriter.BeginNotification(message, codec, "$/progress"u8);
        if (codec == RpcCodec.MessagePack)
        {
            MessagePackValueWriter writer = new(message);
            WriteArguments(ref writer, value);
        }
        else
        {
            JsonValueWriter writer = new(message);
            WriteArguments(ref writer, value);
        }

        EnvelopeWriter.End(message, codec);
    }

    private void WriteArguments<TWriter>(ref TWriter writer, T value)
        where TWriter : struct, IValueWriter, allows ref struct
    {
        writer.BeginMap(2);
        writer.WriteName("token"u8);
        token.Write(ref writer);
        writer.WriteName("value"u8);
        TCodec.Write(ref writer, value);
        writer.EndMap();
    }
}

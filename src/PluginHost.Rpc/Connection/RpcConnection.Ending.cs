namespace PluginHost.Rpc.Connection;

/// <summary>The part that watches the time, and ends calls and the connection.</summary>
public sealed partial class RpcConnection
{
    private long DeadlineAfter(TimeSpan timeout)
    {
        double ticks = timeout.TotalSeconds * _options.Clock.TimestampFrequency;
        return ticks < long.MaxValue / 4 ? _options.Clock.GetTimestamp() + (long)ticks : long.MaxValue;
    }

    /// <summary>Ends what ran out of time; false where nothing is left to watch.</summary>
    private bool SweepOnce(List<PendingCall> expired)
    {
        long now = _options.Clock.GetTimestamp();
        bool isBusy = _pending.TakeExpired(now, expired);
        foreach (PendingCall call in expired)
        {
            bool wasQueued = call.FrameStart >= 0;
            bool isCancelled = call.IsCancelled;
            long id = call.Id;
            call.Fail(call.IsCancelled ? call.Cancelled() : new RpcTimeoutException(call.Method, call.Timeout, wasQueued && call.FrameStart < _outbox.Sent));
            if (wasQueued && !isCancelled)
            {
                _sender.SendCancel(Codec, id);
            }
        }

        if (expired.Count > 0)
        {
            _reading?.Expect();
        }

        if (_outbox.Failure is { } failure)
        {
            Close(new RpcCloseReason(RpcCloseKind.ConnectionReset, $"Sending failed: {failure.Message}"));
        }

        long since = _intake.FrameSince;
        if (since != long.MaxValue && _options.Clock.GetElapsedTime(since, now) > _options.FrameTimeout)
        {
            Close(new RpcCloseReason(
                RpcCloseKind.LimitExceeded,
                $"A message has been coming for {_options.Clock.GetElapsedTime(since, now)}; the limit is {_options.FrameTimeout}.") { Limit = nameof(RpcOptions.FrameTimeout) });
        }

        return isBusy || since != long.MaxValue;
    }

    private Reading CreateReading()
    {
        if (_threads is not null)
        {
            return new InlineReading(_intake, _inbound, _outbox, _threads, ReadingEnded, _options.ReaderThreadName);
        }

        bool mayShare = _transport.PollDescriptor >= 0;
        _hasReaderThread = ReaderThreads.TryTake();
        return _hasReaderThread || !mayShare
            ? new OwnThreadReading(_intake, _receiver, _pending, _outbox, _completions, ReadingEnded, _options.ReaderThreadName)
            : new SharedReading(_intake, _transport, ReadingEnded);
    }

    private void ReadingEnded(RpcCloseReason reason)
    {
        if (_hasReaderThread)
        {
            ReaderThreads.Return();
        }

        Close(reason);
        _transport.Dispose();
        _payloads?.Dispose();
        _readerEnded.SetResult();
    }

    private void CloseUnread() => Close(new RpcCloseReason(
        RpcCloseKind.LimitExceeded, $"The peer does not read: more than {(long)Outbox.AnswerShare * _options.MaxUnsentBytes} bytes of answers are unsent.") { Limit = nameof(RpcOptions.MaxUnsentBytes) });

    private void Close(RpcCloseReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
        {
            return;
        }

        // First the socket: whatever waits in it ends, so that nothing below can be held up by the peer.
        _transport.ShutDown();
        _outbox.Close();
        _sweep.Dispose();
        foreach (PendingCall call in _pending.Close())
        {
            bool wasSent = call.FrameStart >= 0 && call.FrameStart < _outbox.Sent;
            _lostCalls += wasSent && !call.Method.StartsWith(OwnMethods, StringComparison.Ordinal) ? 1 : 0;
            call.Fail(new RpcConnectionLostException(call.Method, reason, wasSent));
        }

        _waiting.Clear();
        _inbound.Close();
        Leases.Close();
        Log.Ended(_logger, reason.Kind, reason.Detail);
        _closed.SetResult(reason);
    }
}

using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>
/// Brings log events to the host in order. The thread that logs sends its own event where nobody is sending, so that the last words before a crash
/// are not lost; others leave theirs in a queue of 1,024, and what does not fit is counted and told. Thread-safe.
/// </summary>
internal sealed class EventQueue(Action<LogEvent> send, Func<long, LogEvent> describeDropped) : IThreadPoolWorkItem
{
    private const int Capacity = 1024;
    private const int SentByOneCaller = 64;

    private readonly Lock _lock = new();
    private readonly Queue<LogEvent> _waiting = new();
    private long _dropped;
    private bool _isSending;

    /// <summary>Takes an event.</summary>
    public void Add(LogEvent logged)
    {
        lock (_lock)
        {
            if (_waiting.Count >= Capacity)
            {
                _dropped++;
                return;
            }

            _waiting.Enqueue(logged);
            if (_isSending)
            {
                return;
            }

            _isSending = true;
        }

        if (!Send(SentByOneCaller))
        {
            // One caller does not send for all the others for ever.
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <inheritdoc/>
    public void Execute() => Send(int.MaxValue);

    /// <summary>Sends what waits; false where more waits than it may send.</summary>
    private bool Send(int most)
    {
        for (int sent = 0; sent < most; sent++)
        {
            LogEvent? next;
            long dropped;
            lock (_lock)
            {
                if (!_waiting.TryDequeue(out next))
                {
                    _isSending = false;
                    return true;
                }

                dropped = _dropped;
                _dropped = 0;
            }

            if (dropped > 0)
            {
                send(describeDropped(dropped));
            }

            send(next);
        }

        return false;
    }
}

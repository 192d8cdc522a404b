using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Leasing;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.Payloads;

namespace PluginHost.Rpc.Connection;

/// <summary>The part that decides what begins when, and on which thread.</summary>
internal sealed partial class InboundCalls : IThreadPoolWorkItem
{
    /// <summary>Lets begin what came behind a notification: its handler has returned, or awaits.</summary>
    public void Began()
    {
        lock (_lock)
        {
            _isBeginning = false;
        }

        GoOn();
    }

    /// <summary>Runs the next notification.</summary>
    public void Execute()
    {
        IncomingCall call;
        lock (_lock)
        {
            call = _next!;
        }

        call.Execute();
    }

    /// <summary>Queues what waited behind a notification, up to the next one.</summary>
    private void GoOn()
    {
        while (true)
        {
            IncomingCall? call;
            lock (_lock)
            {
                if (_isBeginning || !_ordered.TryPeek(out call) || (call.IdKind == IdKind.None && _isNotifying))
                {
                    return;
                }

                _ordered.Dequeue();
                if (call.IdKind == IdKind.None)
                {
                    _next = call;
                    _isNotifying = _isBeginning = true;
                }
                else
                {
                    CountQueued_NeedsLock(call);
                }
            }

            Queue(call);
        }
    }

    private void Queue(IncomingCall call)
    {
        IThreadPoolWorkItem item = call.IdKind == IdKind.None ? this : call;
        if (threads is null || call.Pace is { MostlyAwaits: true })
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }
        else
        {
            threads.Queue(item);
        }
    }

    private void CountQueued_NeedsLock(IncomingCall call)
    {
        call.IsQueued = true;
        if (_queued++ == 0 && threads is not null)
        {
            _lastStart = Clock.GetTimestamp();
        }
    }

    /// <summary>True where nothing waits for a thread, or what waits has made no progress for so long that it must not hold up others.</summary>
    private bool MayOvertake_NeedsLock() => _queued == 0 || Clock.GetElapsedTime(_lastStart) > s_longestHold;
}

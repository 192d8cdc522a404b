using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>
/// Tells the host that this process lives and what it runs, from a thread of its own, which neither a starved pool nor a plugin's loop holds up. Says
/// nothing while no calls are pending, and calls are not told of it: it looks whether there are any. Thread-safe.
/// </summary>
/// <param name="connection">The channel.</param>
/// <param name="interval">The time between two.</param>
/// <param name="clock">The clock.</param>
internal sealed class Heartbeat(RpcConnection connection, TimeSpan interval, TimeProvider clock)
{
    private const int MostCalls = 32;
    private const int StackBytes = 256 * 1024;
    private readonly object _lock = new();
    private bool _isWanted;
    private long _askedPool;
    private long _poolAnswered;

    /// <summary>Starts it. Once, when the host may hear something that it did not ask for.</summary>
    public void Start() => new Thread(Run, StackBytes) { IsBackground = true, Name = "pluginhost heartbeat" }.UnsafeStart();

    /// <summary>Sends the next one now.</summary>
    public void Now()
    {
        lock (_lock)
        {
            _isWanted = true;
            Monitor.Pulse(_lock);
        }
    }

    private void Run()
    {
        while (!connection.Closed.IsCompleted)
        {
            lock (_lock)
            {
                if (!_isWanted)
                {
                    Monitor.Wait(_lock, interval);
                }

                _isWanted = false;
            }

            int pending = connection.PendingInbound;
            if (pending > 0)
            {
                Send(new HeartbeatNotice(pending, PoolDelay(), connection.RunningInbound(MostCalls)));
            }
            else
            {
                Volatile.Write(ref _askedPool, 0);
            }
        }
    }

    private void Send(HeartbeatNotice notice)
    {
        try
        {
            connection.Notify(new HeartbeatCall(notice));
        }
        catch (RpcSerializationException)
        {
            // The names do not fit the longest message; the sign of life does.
            connection.Notify(new HeartbeatCall(notice with { Calls = [] }));
        }
    }

    /// <summary>How long the pool has let a work item wait that was queued at an earlier beat; asks again once that one has run.</summary>
    private TimeSpan PoolDelay()
    {
        long asked = Volatile.Read(ref _askedPool);
        long answered = Volatile.Read(ref _poolAnswered);
        if (asked != 0 && answered < asked)
        {
            return clock.GetElapsedTime(asked);
        }

        TimeSpan last = asked == 0 ? TimeSpan.Zero : clock.GetElapsedTime(asked, answered);
        Volatile.Write(ref _askedPool, clock.GetTimestamp());
        ThreadPool.UnsafeQueueUserWorkItem(static beat => Volatile.Write(ref beat._poolAnswered, beat.Ticks), this, preferLocal: false);
        return last;
    }

    private long Ticks => clock.GetTimestamp();
}

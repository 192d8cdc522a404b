using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Connection;

/// <summary>The part that keeps ended calls for the next ones.</summary>
internal sealed partial class PendingCall<TCall, TResult>
{
    private const int MostSpares = 1024;
    private static readonly Lock s_lock = new();
    private static PendingCall<TCall, TResult>? s_spares;
    private static int s_spareCount;

    // A caller that goes on mostly calls again: then nothing is locked.
    [ThreadStatic]
    private static PendingCall<TCall, TResult>? t_spare;
    private PendingCall<TCall, TResult>? _nextSpare;

    /// <summary>Takes a spare one or makes one.</summary>
    /// <param name="connection">Where the call goes.</param>
    /// <param name="call">The arguments.</param>
    /// <param name="timeout">The time it has.</param>
    /// <param name="isBlocking">True where the caller blocks in <see cref="Wait"/> and awaits no task.</param>
    /// <param name="caller">The caller's token.</param>
    public static PendingCall<TCall, TResult> Rent(
        RpcConnection connection, in TCall call, TimeSpan timeout, bool isBlocking, CancellationToken caller)
    {
        PendingCall<TCall, TResult>? pending = t_spare;
        t_spare = null;
        if (pending is null)
        {
            lock (s_lock)
            {
                pending = s_spares;
                if (pending is not null)
                {
                    s_spares = pending._nextSpare;
                    s_spareCount--;
                }
            }
        }

        pending ??= new PendingCall<TCall, TResult>();
        pending._nextSpare = null;
        pending._connection = connection;
        pending._call = call;
        pending.Caller = caller;
        pending.IsBlocking = isBlocking;
        pending._isDone = false;
        pending.Timeout = timeout;
        pending.FrameStart = -1;
        pending.IsCancelled = false;
        pending._source.RunContinuationsAsynchronously = true;
        return pending;
    }

    private void Return()
    {
        if (IsShared)
        {
            return;
        }

        _source.Reset();
        _connection = null;
        _registration = default;
        Caller = default;
        _call = default;
        _late = default;
        _lateFailure = null;
        _leases.Reset();
        if (t_spare is null)
        {
            t_spare = this;
            return;
        }

        lock (s_lock)
        {
            if (s_spareCount < MostSpares)
            {
                _nextSpare = s_spares;
                s_spares = this;
                s_spareCount++;
            }
        }
    }
}

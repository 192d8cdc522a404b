namespace PluginHost.Rpc.Connection;

/// <summary>
/// One coarse timer a connection, in place of one a call. It ticks only while there is something to watch. Thread-safe; sweeps never overlap.
/// </summary>
internal sealed class Sweep : IDisposable
{
    private readonly Func<List<PendingCall>, bool> _sweep;
    private readonly List<PendingCall> _expired = [];
    private readonly Lock _ticking = new();
    private readonly ITimer _timer;
    private readonly TimeSpan _interval;
    private int _isArmed;

    /// <summary>Creates one that does not tick yet.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="interval">The time between two sweeps.</param>
    /// <param name="sweep">Does the work with a list to use; false where nothing is left to watch.</param>
    public Sweep(TimeProvider clock, TimeSpan interval, Func<List<PendingCall>, bool> sweep)
    {
        _sweep = sweep;
        _interval = interval;
        _timer = clock.CreateTimer(static state => ((Sweep)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Makes sure that the next sweep comes.</summary>
    public void Arm()
    {
        if (Volatile.Read(ref _isArmed) == 0 && Interlocked.Exchange(ref _isArmed, 1) == 0)
        {
            _timer.Change(_interval, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        // Disarmed first: what is added while this sweep runs arms the next one.
        Volatile.Write(ref _isArmed, 0);
        bool isBusy;
        lock (_ticking)
        {
            isBusy = _sweep(_expired);
            _expired.Clear();
        }

        if (isBusy)
        {
            Arm();
        }
    }
}

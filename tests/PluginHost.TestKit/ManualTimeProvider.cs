namespace PluginHost.TestKit;

/// <summary>A clock that moves only when a test moves it. Timers fire on the advancing thread, in order of their due time. Thread-safe.</summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly DateTimeOffset _start;
    private TimeSpan _elapsed;
    private long _created;

    /// <summary>Creates a clock that stands still.</summary>
    /// <param name="start">Its first time; default is the first of January 2026, UTC.</param>
    public ManualTimeProvider(DateTimeOffset? start = null) =>
        _start = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>One tick is 100 ns, as in <see cref="TimeSpan"/>.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How far the clock has moved since it was created.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
            {
                return _elapsed;
            }
        }
    }

    /// <summary>Timers that are waiting to fire.</summary>
    public int PendingTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>The time until the next timer fires, or null where none waits.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_lock)
            {
                return NextTimer_NeedsLock() is { } timer ? timer.Due - _elapsed : null;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <inheritdoc/>
    public override long GetTimestamp() => Elapsed.Ticks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ManualTimer timer = new(this, () => callback(state), Interlocked.Increment(ref _created));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, firing what falls due on the way at the time it falls due.</summary>
    /// <param name="by">Zero or more; zero fires what is due now.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan goal = Elapsed + by;
        while (TakeDue(goal) is { } timer)
        {
            timer.Fire();
        }

        lock (_lock)
        {
            _elapsed = goal > _elapsed ? goal : _elapsed;
        }
    }

    /// <summary>
    /// Waits (in real time) until code under test has set at least <paramref name="count"/> timers: the signal that it is waiting on this clock.
    /// </summary>
    /// <param name="count">How many timers must wait.</param>
    /// <param name="cancellationToken">Ends the wait, and with it the test.</param>
    public async Task UntilTimersAsync(int count, CancellationToken cancellationToken)
    {
        while (PendingTimers < count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken);
        }
    }

    private ManualTimer? TakeDue(TimeSpan goal)
    {
        lock (_lock)
        {
            ManualTimer? timer = NextTimer_NeedsLock();
            if (timer is null || timer.Due > goal)
            {
                return null;
            }

            _elapsed = timer.Due > _elapsed ? timer.Due : _elapsed;
            if (timer.Period > TimeSpan.Zero)
            {
                timer.Due += timer.Period;
            }
            else
            {
                _timers.Remove(timer);
            }

            return timer;
        }
    }

    private ManualTimer? NextTimer_NeedsLock() => _timers.MinBy(timer => (timer.Due, timer.Order));

    private bool Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (timer.IsDisposed)
            {
                return false;
            }

            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                timer.Due = _elapsed + dueTime;
                timer.Period = period;
                _timers.Add(timer);
            }

            return true;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, Action fire, long order) : ITimer
    {
        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; set; }

        public long Order { get; } = order;

        public bool IsDisposed { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Schedule(this, dueTime, period);

        public void Dispose()
        {
            IsDisposed = true;
            clock.Schedule(this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

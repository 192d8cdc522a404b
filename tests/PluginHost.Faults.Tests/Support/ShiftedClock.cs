namespace PluginHost.Faults.Tests.Support;

/// <summary>The system's clock, which somebody can set: wall clock and the clock of measured times each by a shift of its own. Timers stay the system's.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long _wall;
    private long _measured;

    /// <summary>Sets the wall clock forward or back.</summary>
    public void SetWall(TimeSpan by) => Interlocked.Add(ref _wall, by.Ticks);

    /// <summary>Lets the measured time jump forward, as if the process had not run meanwhile.</summary>
    public void Skip(TimeSpan by) => Interlocked.Add(ref _measured, (long)(by.TotalSeconds * TimestampFrequency));

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _wall));

    /// <inheritdoc/>
    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _measured);

    /// <inheritdoc/>
    public override long TimestampFrequency => System.TimestampFrequency;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, dueTime, period);
}

using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Telemetry.Histograms;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// The figures of one method of one plugin in one tier. Recording is lock-free, allocates nothing once warm and costs tens of nanoseconds.
/// Thread-safe.
/// </summary>
public sealed class MethodRecorder
{
    private static readonly double s_nanosecondsPerTick = 1e9 / Stopwatch.Frequency;
    private readonly StripedCounters _counters = new(Stripes.Count);
    private readonly LogLinearHistogram _latency = new();
    private readonly LogLinearHistogram _overhead = new();
    private readonly KindCounters _kinds = new();
    private readonly Lock _lock = new();
    private int[] _slots = [];
    private long _detached;

    internal MethodRecorder(string name) => Name = name;

    /// <summary>The method's wire name.</summary>
    public string Name { get; }

    /// <summary>Counts a call out of process that came back with a result.</summary>
    /// <param name="roundTripTicks">From the caller's entry to its result, in Stopwatch ticks.</param>
    /// <param name="insideNanoseconds">The worker's own time in nanoseconds; below 0 where it sent none: then no overhead is taken.</param>
    /// <param name="queuedTicks">Time spent waiting in the host before sending, in Stopwatch ticks.</param>
    public void Completed(long roundTripTicks, long insideNanoseconds, long queuedTicks)
    {
        _counters.Increment((int)Counter.Ok);
        long roundTrip = ToNanoseconds(roundTripTicks);
        _latency.Record(roundTrip);
        if (insideNanoseconds >= 0)
        {
            _overhead.Record(Math.Max(0, roundTrip - insideNanoseconds - ToNanoseconds(queuedTicks)));
        }
    }

    /// <summary>Takes the time of one in-process call. The call itself is counted by its slot.</summary>
    /// <param name="elapsedTicks">From entry to result, in Stopwatch ticks.</param>
    public void Sample(long elapsedTicks) => _latency.Record(ToNanoseconds(elapsedTicks));

    /// <summary>Counts a call that ended without a result. <see cref="CallStatus.Unavailable"/> says that it never reached the plugin.</summary>
    /// <param name="status">How; <see cref="CallStatus.Ok"/> is for calls that <see cref="Completed"/> and slots do not count.</param>
    public void Ended(CallStatus status) => _counters.Increment((int)Counter.Ok + (int)status);

    /// <summary>
    /// Counts an in-process call that was inside the plugin and whose caller was told that the plugin is unavailable: it was cut at an unload.
    /// </summary>
    public void Cut()
    {
        _counters.Increment((int)Counter.Cut);
        _counters.Increment((int)Counter.Unavailable);
    }

    /// <summary>Counts a call out of process in or out. In-process calls in flight come from the slots.</summary>
    /// <param name="began">True where it begins, false where it ends, however it ends.</param>
    public void InFlight(bool began) => _counters.Increment((int)(began ? Counter.Began : Counter.Finished));

    /// <summary>Takes the in-process counts of a slot of <see cref="ThreadBlocks"/> from now on. The slot's counts must be of this method alone.</summary>
    public void AttachSlot(int slot)
    {
        lock (_lock)
        {
            if (!_slots.Contains(slot))
            {
                _slots = [.. _slots, slot];
            }
        }
    }

    /// <summary>Keeps a slot's counts and lets go of it. Call it before <see cref="ThreadBlocks.Release"/>. Idempotent.</summary>
    public void DetachSlot(int slot)
    {
        lock (_lock)
        {
            if (_slots.Contains(slot))
            {
                _detached += ThreadBlocks.Sum(slot).Left;
                _slots = [.. _slots.Where(other => other != slot)];
            }
        }
    }

    internal void CountFaults(FaultKind kind, long count) => _kinds.Add(kind, count);

    internal IReadOnlyDictionary<FaultKind, long> FaultsByKind() => _kinds.Read();

    internal HistogramSnapshot Latency() => _latency.Snapshot();

    internal HistogramSnapshot Overhead() => _overhead.Snapshot();

    internal CallCounts Counts()
    {
        // What ended is read before the slots: a call is counted out of its slot first, so what ended here has left there.
        long errors = _counters.Sum((int)Counter.Error);
        long faulted = _counters.Sum((int)Counter.Fault);
        long timeouts = _counters.Sum((int)Counter.Timeout);
        long cancelled = _counters.Sum((int)Counter.Cancelled);
        long unavailable = _counters.Sum((int)Counter.Unavailable);
        long cut = _counters.Sum((int)Counter.Cut);
        long ok = _counters.Sum((int)Counter.Ok);
        long finished = _counters.Sum((int)Counter.Finished);
        long inFlight = _counters.Sum((int)Counter.Began) - finished;
        lock (_lock)
        {
            long left = _detached;
            foreach (int slot in _slots)
            {
                CallTotals totals = ThreadBlocks.Sum(slot);
                left += totals.Left;
                inFlight += totals.InFlight;
            }

            if (left > 0)
            {
                // A timed-out call that is still inside has ended but not left: until it does, it hides one result.
                ok += Math.Max(0, left - errors - faulted - timeouts - cancelled - cut);
            }
        }

        return new CallCounts(ok, errors, faulted, timeouts, cancelled, unavailable, Math.Max(0, inFlight));
    }

    private static long ToNanoseconds(long ticks) =>
        Stopwatch.Frequency == 1_000_000_000 ? ticks : (long)(ticks * s_nanosecondsPerTick);

    private enum Counter
    {
        Began,
        Finished,

        // From here on in the order of CallStatus.
        Ok,
        Error,
        Fault,
        Timeout,
        Cancelled,
        Unavailable,
        Cut,
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>
/// All figures of one runtime: calls, faults, restarts and lifecycle events of every plugin in every tier. One a runtime. Thread-safe.
/// </summary>
public sealed class Recorder : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly FaultLog _faults;
    private readonly ConcurrentDictionary<(string Id, PluginTier? Tier), PluginRecorder> _plugins = new();
    private readonly Lock _lock = new();
    private readonly Queue<RestartRecord> _restarts = new();
    private readonly EventHub _events;
    private readonly ITimer _timer;
    private readonly DateTimeOffset _since;
    private readonly long _started;
    private double _calibratedNanoseconds = double.NaN;
    private bool _timerIsSet;
    private bool _isDisposed;

    /// <summary>Creates a recorder; counting begins now.</summary>
    /// <param name="options">The bounds.</param>
    /// <param name="clock">For the times of events and the windows of coalescing.</param>
    /// <param name="logger">Told of subscribers that fail and of plugins with too many faults.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names all of them.</exception>
    public Recorder(RecorderOptions options, TimeProvider clock, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(logger);
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        Options = options;
        _clock = clock;
        _logger = logger;
        _faults = new FaultLog(options);
        _events = new EventHub(logger);
        _since = clock.GetUtcNow();
        _started = clock.GetTimestamp();
        _timer = clock.CreateTimer(static state => ((Recorder)state!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal RecorderOptions Options { get; }

    /// <summary>The recorder of a plugin in a tier: always the same one, over restarts.</summary>
    public PluginRecorder Plugin(string id, PluginTier tier) => PluginOf(id, tier);

    /// <summary>Counts an incident of a plugin, whether it has a tier yet or not, and tells it. See <see cref="PluginRecorder.Fault"/>.</summary>
    /// <returns>The id of its entry; null where it was dropped.</returns>
    public string? Fault(FaultRecord fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        return PluginOf(fault.PluginId, fault.Tier).Fault(fault);
    }

    /// <summary>Counts a restart and tells it.</summary>
    /// <param name="id">The plugin's id.</param>
    /// <param name="tier">Where it runs now.</param>
    /// <param name="cause">Why, in one or two words out of a fixed set.</param>
    /// <param name="from">The generation that ended.</param>
    /// <param name="to">The generation that began.</param>
    /// <param name="took">From the old one's end to the new one's readiness.</param>
    public void Restarted(string id, PluginTier tier, string cause, int from, int to, TimeSpan took)
    {
        ArgumentNullException.ThrowIfNull(cause);
        PluginOf(id, tier).CountRestart(cause);
        RestartRecord restart = new(_clock.GetUtcNow(), id, tier, cause, from, to, took.TotalMilliseconds);
        lock (_lock)
        {
            _restarts.Enqueue(restart);
            if (_restarts.Count > Options.RecentRestarts)
            {
                _restarts.Dequeue();
            }
        }

        _events.Tell(new RestartEvent(restart));
    }

    /// <summary>Tells that a plugin's state changed. Not kept.</summary>
    /// <param name="id">The plugin's id.</param>
    /// <param name="tier">Where it runs, or null.</param>
    /// <param name="state">The new state's name.</param>
    /// <param name="generation">The generation, or 0.</param>
    /// <param name="reason">Why, or null.</param>
    /// <param name="faultId">The fault record that led to it, or null.</param>
    public void Lifecycle(string id, PluginTier? tier, string state, int generation, string? reason, string? faultId = null) =>
        _events.Tell(new LifecycleEvent(_clock.GetUtcNow(), id, tier, state, generation, reason, faultId));

    /// <summary>Tells what became of a generation that was unloaded in-process. Not kept.</summary>
    /// <param name="id">The plugin's id.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="isGone">True where it is proved gone; false where it counts as leaked.</param>
    /// <param name="after">Time since it was asked to unload.</param>
    /// <param name="collections">Collections of the oldest generation since then.</param>
    /// <param name="faultId">The fault record that says that it leaked, or null.</param>
    public void Unloaded(string id, int generation, bool isGone, TimeSpan after, int collections, string? faultId = null) =>
        _events.Tell(new UnloadEvent(_clock.GetUtcNow(), id, generation, isGone, after, collections, faultId));

    /// <summary>Calls back for every event from now on, on the thread that reports it: be quick. What it throws is logged.</summary>
    /// <returns>Ends the subscription when disposed; one event may still be on its way then.</returns>
    public IDisposable Subscribe(Action<PluginEvent> subscriber) => _events.Subscribe(subscriber);

    /// <summary>The last fault entries, oldest first. An entry's count grows while its window is open.</summary>
    /// <param name="pluginId">Only of this plugin; null for all.</param>
    public FaultRecord[] Faults(string? pluginId = null) => _faults.Recent(pluginId);

    /// <summary>The last restarts, oldest first.</summary>
    /// <param name="pluginId">Only of this plugin; null for all.</param>
    public RestartRecord[] Restarts(string? pluginId = null)
    {
        lock (_lock)
        {
            return [.. _restarts.Where(restart => pluginId is null || restart.PluginId == pluginId)];
        }
    }

    /// <summary>Says what the in-process guard costs a call on this machine: shown as the overhead of every in-process plugin.</summary>
    /// <param name="nanoseconds">Guard minus raw call; below 0, as noise may make it, counts as 0.</param>
    public void SetCalibratedOverhead(double nanoseconds) => Volatile.Write(ref _calibratedNanoseconds, Math.Max(0, nanoseconds));

    /// <summary>Reads all figures. Costs some ten microseconds a method: for people and files, not for every call.</summary>
    public StatsSnapshot Snapshot() => SnapshotBuilder.Build(
        _clock.GetUtcNow(),
        _since,
        _clock.GetElapsedTime(_started).TotalSeconds,
        [.. _plugins.Values.Select(plugin => plugin.Read())],
        Volatile.Read(ref _calibratedNanoseconds));

    /// <summary>Drops all figures of a plugin that is gone for good. Recorders got before count into nothing. Entries of faults stay.</summary>
    public void Forget(string id)
    {
        foreach ((string Id, PluginTier? Tier) key in _plugins.Keys.Where(key => key.Id == id))
        {
            _plugins.TryRemove(key, out _);
        }
    }

    /// <summary>Tells what is still coalesced now, instead of at its window's end.</summary>
    public void Flush() => Tell(_faults.Close(_clock.GetUtcNow(), all: true));

    /// <summary>Flushes and stops the timer. Recording goes on to work, but what is coalesced later is not told by itself. Idempotent.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        _timer.Dispose();
        Flush();
    }

    internal IReadOnlyList<PluginRecorder> Plugins() => [.. _plugins.Values];

    /// <summary>Enters a fault; gives its entry's id, or null where it was dropped.</summary>
    internal string? Take(FaultRecord fault)
    {
        FaultRecord bounded = fault with
        {
            Method = ForeignText.Line(fault.Method, Options.MessageBytes),
            Message = ForeignText.Line(fault.Message, Options.MessageBytes)!,
            Remedy = ForeignText.Line(fault.Remedy, Options.MessageBytes),
            RemoteType = ForeignText.Line(fault.RemoteType, Options.MessageBytes),
            RemoteStack = ForeignText.Lines(fault.RemoteStack, Options.StackBytes),
            StderrTail = ForeignText.LastLines(fault.StderrTail, Options.StderrBytes),
        };
        (FaultLog.Outcome outcome, FaultRecord? entry) = _faults.Add(bounded, _clock.GetUtcNow(), out IReadOnlyList<FaultRecord> ended);
        Tell(ended);
        switch (outcome)
        {
            case FaultLog.Outcome.Entered:
                _events.Tell(new FaultEvent(entry!));
                break;
            case FaultLog.Outcome.Coalesced:
                SetTimer();
                break;
            case FaultLog.Outcome.DroppedFirst:
                Log.FaultsCapped(_logger, fault.PluginId, Options.FaultEntriesPerMinute);
                break;
        }

        return entry?.Id;
    }

    private PluginRecorder PluginOf(string id, PluginTier? tier)
    {
        ArgumentNullException.ThrowIfNull(id);
        return _plugins.GetOrAdd((id, tier), static (key, recorder) => new PluginRecorder(recorder, key.Id, key.Tier), this);
    }

    private void SetTimer()
    {
        lock (_lock)
        {
            if (!_timerIsSet && !_isDisposed)
            {
                _timerIsSet = true;
                _timer.Change(Options.CoalesceWindow, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            _timerIsSet = false;
        }

        Tell(_faults.Close(_clock.GetUtcNow(), all: false));
        if (_faults.HasPending)
        {
            SetTimer();
        }
    }

    private void Tell(IReadOnlyList<FaultRecord> ended)
    {
        foreach (FaultRecord fault in ended)
        {
            _events.Tell(new FaultEvent(fault));
        }
    }
}

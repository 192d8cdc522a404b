using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime;

/// <summary>
/// Looks at in-process calls from a thread of its own, which a starved pool does not hold up, and tells the plugins' supervisors of those that are stuck. Costs
/// calls nothing: it reads what the guards write anyway. The thread ends where no plugin runs in-process, and starts with the next. One a runtime. Thread-safe.
/// </summary>
internal sealed class StuckCallWatch : IDisposable
{
    private const int StackBytes = 256 * 1024;
    private readonly object _lock = new();
    private readonly HashSet<PluginSupervisor> _followed = [];
    private readonly StuckCallOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private Thread? _thread;
    private bool _isDisposed;

    /// <param name="options">When to look, and how many threads a plugin may cost.</param>
    /// <param name="clock">Measures how long calls are inside.</param>
    /// <param name="logger">Told of a look that failed.</param>
    public StuckCallWatch(StuckCallOptions options, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Looks at a plugin's calls from now on, for as long as it runs in-process or has threads that are lost. Idempotent.</summary>
    public void Follow(PluginSupervisor supervisor)
    {
        lock (_lock)
        {
            if (_isDisposed || _options.ShortestPause == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            if (_followed.Add(supervisor))
            {
                // Its calls may have less time than those that are looked at.
                Monitor.Pulse(_lock);
            }

            if (_thread is null)
            {
                _thread = new Thread(Run, StackBytes) { IsBackground = true, Name = "pluginhost stuck calls" };
                _thread.UnsafeStart();
            }
        }
    }

    /// <summary>Looks no more. The thread ends by itself: it may be telling somebody something just now.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _followed.Clear();
            Monitor.Pulse(_lock);
        }
    }

    private void Run()
    {
        StuckLook last = StuckLook.None;
        long lastAt = _clock.GetTimestamp();
        TimeSpan pause = _options.ShortestPause;
        while (Wait(pause) is { } followed)
        {
            try
            {
                long now = _clock.GetTimestamp();
                Dictionary<int, WatchedMethod> methods = Methods(followed);
                last = Look(last, followed, methods, _clock.GetElapsedTime(lastAt, now), pause);
                lastAt = now;
                pause = StuckCallPolicy.Pause(Shortest(methods.Values), _options);
            }
            catch (Exception defect)
            {
                // Of the host's own. It looks again.
                Log.WatchOfCallsFailed(_logger, defect);
            }
        }
    }

    /// <summary>Waits for the next look; null where there is nothing to look at any more, and the thread ends.</summary>
    private PluginSupervisor[]? Wait(TimeSpan pause)
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                Monitor.Wait(_lock, pause);
            }

            _followed.RemoveWhere(s => !s.HasCallsToWatch);
            if (_isDisposed || _followed.Count == 0)
            {
                _thread = null;
                return null;
            }

            return [.. _followed];
        }
    }

    private StuckLook Look(StuckLook last, PluginSupervisor[] followed, Dictionary<int, WatchedMethod> methods, TimeSpan passed, TimeSpan pause)
    {
        IReadOnlyList<ThreadActivity> threads = ThreadBlocks.Activity([.. methods.Keys]);
        if (threads.Count == 0 && last.Seen.Count == 0)
        {
            return StuckLook.None;
        }

        StuckLook look = StuckCallPolicy.Look(
            last, threads, passed, pause, slot => methods.TryGetValue(slot, out WatchedMethod method) ? method.Supervisor.TimeoutOf(method.Method) : null);
        foreach (CallKey call in look.Returned)
        {
            foreach (PluginSupervisor supervisor in followed)
            {
                supervisor.CameBack(call);
            }
        }

        foreach (StuckFinding finding in look.Stuck)
        {
            WatchedMethod method = methods[finding.Call.Slot];
            method.Supervisor.FoundStuck(method, finding, _options.LostThreads);
        }

        return look;
    }

    private static Dictionary<int, WatchedMethod> Methods(PluginSupervisor[] followed)
    {
        Dictionary<int, WatchedMethod> methods = [];
        foreach (WatchedMethod method in followed.SelectMany(s => s.WatchedMethods()))
        {
            methods[method.Slot] = method;
        }

        return methods;
    }

    private static TimeSpan Shortest(IEnumerable<WatchedMethod> methods) => methods
        .Select(m => m.Supervisor.TimeoutOf(m.Method))
        .Where(t => t != Timeout.InfiniteTimeSpan)
        .DefaultIfEmpty(Timeout.InfiniteTimeSpan)
        .Min();
}

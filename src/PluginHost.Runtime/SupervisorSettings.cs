using Microsoft.Extensions.Logging;
using PluginHost.Loading.Unloading;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Services;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>What all supervisors of a runtime share.</summary>
internal sealed record SupervisorSettings
{
    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Gives the back-off's jitter; used under <see cref="Jitter"/>'s own lock.</summary>
    public required Jitter Jitter { get; init; }

    /// <summary>The ways to run plugins.</summary>
    public required IReadOnlyList<ITier> Tiers { get; init; }

    /// <summary>Where figures and faults go.</summary>
    public required Recorder Recorder { get; init; }

    /// <summary>Keeps what threads do in plugins for after a death; null in tests without one.</summary>
    public FlightRecorder? Flight { get; init; }

    /// <summary>When counted faults add up to a crash.</summary>
    public required FaultRateOptions FaultRate { get; init; }

    /// <summary>Holds restarts back that come too fast, over all plugins.</summary>
    public required RestartQueue RestartQueue { get; init; }

    /// <summary>Keeps what plugins did to their hosts; null in tests without it.</summary>
    public Demotions? Demotions { get; init; }

    /// <summary>When an unload that nobody forces to be proved counts as leaked.</summary>
    public UnloadOptions Unload { get; init; } = new();

    /// <summary>How many collections of the oldest generation there were so far.</summary>
    public Func<int> Collections { get; init; } = static () => GC.CollectionCount(2);

    /// <summary>Empties the framework's caches of types and gives what failed.</summary>
    public Func<IReadOnlyList<string>> ClearCaches { get; init; } = FrameworkCaches.Clear;

    /// <summary>Looks for calls in-process that hold their threads; null for nobody.</summary>
    public StuckCallWatch? StuckCalls { get; init; }

    /// <summary>True where exceptions that leave in-process plugins' own threads are taken.</summary>
    public bool TakesUnhandled { get; init; }

    /// <summary>How long a stop waits for calls in flight.</summary>
    public required TimeSpan DrainTimeout { get; init; }

    /// <summary>How many workers without a plugin stand ready for each class; for words only.</summary>
    public int WarmSpares { get; init; }

    /// <summary>How long after a start the next generation is started where it is to stand ready.</summary>
    public TimeSpan HotDelay { get; init; }

    /// <summary>How long a health check may take.</summary>
    public TimeSpan HealthTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a running generation is looked at for <c>recycle</c>.</summary>
    public TimeSpan RecycleLook { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a start may take.</summary>
    public required TimeSpan StartTimeout { get; init; }

    /// <summary>True where in-process calls' data go through the codec and back.</summary>
    public required bool RoundTrip { get; init; }

    /// <summary>Gives the host services of one generation; runs the application's factories. Null where there are none.</summary>
    public Func<SupervisedPlugin, GenerationLeases, GrantedServices>? Services { get; init; }

    /// <summary>For the supervisor's own log.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>For plugins' logs, one category each.</summary>
    public required ILoggerFactory LoggerFactory { get; init; }
}

/// <summary>A random source that several supervisors may use at once.</summary>
internal sealed class Jitter(Random random)
{
    private readonly Lock _lock = new();

    /// <summary>A number from 0 to 1.</summary>
    public double Next()
    {
        lock (_lock)
        {
            return random.NextDouble();
        }
    }
}

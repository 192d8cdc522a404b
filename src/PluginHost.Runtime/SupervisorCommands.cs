using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>What is asked of a supervisor's loop.</summary>
internal abstract class Command
{
    private readonly TaskCompletionSource<UnloadResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Command()
    {
    }

    /// <summary>Ends when the command was carried out.</summary>
    public Task<UnloadResult> Done => _done.Task;

    /// <summary>Says that it was carried out.</summary>
    public void Complete(UnloadResult result) => _done.TrySetResult(result);

    /// <summary>Says that it could not be.</summary>
    public void Fail(Exception error)
    {
        _done.TrySetException(error);

        // Commands that nobody awaits are reported by the loop's log; their task must not count as unobserved too.
        _ = _done.Task.Exception;
    }

    /// <summary>Start the plugin.</summary>
    /// <param name="IsReset">True forgets past failures first.</param>
    public sealed class Start(bool IsReset) : Command
    {
        /// <summary>True forgets past failures first.</summary>
        public bool IsReset { get; } = IsReset;
    }

    /// <summary>Stop it for good.</summary>
    public sealed class Stop : Command;

    /// <summary>Stop it and start it anew.</summary>
    public sealed class Restart : Command;

    /// <summary>Run what the folder holds now, beside what runs, and then in its place.</summary>
    public sealed class Reload(SupervisedPlugin replacement, long ticket, ReloadTerms terms) : Command
    {
        /// <summary>What to run from now on.</summary>
        public SupervisedPlugin Replacement { get; } = replacement;

        /// <summary>Which request it is: the last wins.</summary>
        public long Ticket { get; } = ticket;

        /// <summary>What is taken.</summary>
        public ReloadTerms Terms { get; } = terms;
    }

    /// <summary>Start another generation of the same, and end the running one without a fault.</summary>
    public sealed class Recycle(int generation, Resilience.RecycleFinding finding) : Command
    {
        /// <summary>The generation that is to end.</summary>
        public int Generation { get; } = generation;

        /// <summary>Why.</summary>
        public Resilience.RecycleFinding Finding { get; } = finding;
    }

    /// <summary>A generation that was replaced has ended, or no call of one is left in something that counts calls.</summary>
    public sealed class Freed(GuardSet? set, ObjectSlots? slots, LiveGeneration? ended = null) : Command
    {
        /// <summary>A generation that has ended, or null.</summary>
        public LiveGeneration? Ended { get; } = ended;

        /// <summary>A set of guards, or null.</summary>
        public GuardSet? Set { get; } = set;

        /// <summary>The counters of handed-over objects, or null.</summary>
        public ObjectSlots? Slots { get; } = slots;
    }

    /// <summary>The delay before a restart is over.</summary>
    public sealed class Retry(int generation, string cause, bool hasPlace = false) : Command
    {
        /// <summary>True once it has a place among the host's restarts.</summary>
        public bool HasPlace { get; } = hasPlace;

        /// <summary>The generation that failed.</summary>
        public int Generation { get; } = generation;

        /// <summary>What it failed of.</summary>
        public string Cause { get; } = cause;

        /// <summary>The same restart with a place among the host's.</summary>
        public Retry WithPlace() => new(Generation, Cause, hasPlace: true);
    }

    /// <summary>One of several workers ended, or could not be started.</summary>
    public sealed class WorkerLost(int generation, WorkerPool pool, PoolLoss loss) : Command
    {
        /// <summary>The generation.</summary>
        public int Generation { get; } = generation;

        /// <summary>Its workers.</summary>
        public WorkerPool Pool { get; } = pool;

        /// <summary>Which, and of what.</summary>
        public PoolLoss Loss { get; } = loss;
    }

    /// <summary>One of several workers was replaced.</summary>
    public sealed class WorkerReplaced(int generation, WorkerPool pool, PoolLoss loss, string? cause) : Command
    {
        /// <summary>What the one before ended of; null where somebody asked for it.</summary>
        public string? Cause { get; } = cause;

        /// <summary>The generation.</summary>
        public int Generation { get; } = generation;

        /// <summary>Its workers.</summary>
        public WorkerPool Pool { get; } = pool;

        /// <summary>What was made good.</summary>
        public PoolLoss Loss { get; } = loss;
    }

    /// <summary>A generation failed.</summary>
    public sealed class Died(int generation, FaultRecord fault, bool IsAlive) : Command
    {
        /// <summary>The generation that failed.</summary>
        public int Generation { get; } = generation;

        /// <summary>Of what.</summary>
        public FaultRecord Fault { get; } = fault;

        /// <summary>True where it still runs and has to be stopped first.</summary>
        public bool IsAlive { get; } = IsAlive;
    }
}

/// <summary>What a reload takes.</summary>
/// <param name="AcceptsChanges">True where a person has agreed to another trust, other permissions, another publisher or an older version.</param>
/// <param name="StartsStopped">True where a plugin that is stopped is started; else its next start takes the new files.</param>
/// <param name="OnlyIfChanged">True where a folder with the content that runs already is left alone.</param>
internal sealed record ReloadTerms(bool AcceptsChanges = false, bool StartsStopped = true, bool OnlyIfChanged = false);

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
    public required Resilience.FaultRateOptions FaultRate { get; init; }

    /// <summary>Holds restarts back that come too fast, over all plugins.</summary>
    public required Resilience.RestartQueue RestartQueue { get; init; }

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
    public Func<SupervisedPlugin, GenerationLeases, Services.GrantedServices>? Services { get; init; }

    /// <summary>For the supervisor's own log.</summary>
    public required Microsoft.Extensions.Logging.ILogger Logger { get; init; }

    /// <summary>For plugins' logs, one category each.</summary>
    public required Microsoft.Extensions.Logging.ILoggerFactory LoggerFactory { get; init; }
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

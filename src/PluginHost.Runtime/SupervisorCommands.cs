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
    public sealed class Start : Command;

    /// <summary>Forget past failures and what moved the plugin, and start it.</summary>
    public sealed class Reset(Func<SupervisedPlugin, SupervisedPlugin> undemote, bool start) : Command
    {
        /// <summary>Gives the plugin as it is placed without what moved it.</summary>
        public Func<SupervisedPlugin, SupervisedPlugin> Undemote { get; } = undemote;

        /// <summary>False leaves a plugin that does not run at rest.</summary>
        public bool Starts { get; } = start;
    }

    /// <summary>Stop it for good.</summary>
    public sealed class Stop(TimeSpan drain) : Command
    {
        /// <summary>How long it waits for calls in flight.</summary>
        public TimeSpan Drain { get; } = drain;
    }

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
    public sealed class Freed(GuardSet? set, ObjectSlots? slots, LiveGeneration? ended = null, UnloadResult? unload = null) : Command
    {
        /// <summary>What became of that generation; null where none has ended.</summary>
        public UnloadResult? Unload { get; } = unload;

        /// <summary>A generation that has ended, or null.</summary>
        public LiveGeneration? Ended { get; } = ended;

        /// <summary>A set of guards, or null.</summary>
        public GuardSet? Set { get; } = set;

        /// <summary>The counters of handed-over objects, or null.</summary>
        public ObjectSlots? Slots { get; } = slots;
    }

    /// <summary>A generation that was unloaded counts as leaked, though nobody forced a proof.</summary>
    public sealed class LeftBehind(int generation, UnloadResult unload) : Command
    {
        /// <summary>The generation.</summary>
        public int Generation { get; } = generation;

        /// <summary>What became of it.</summary>
        public UnloadResult Unload { get; } = unload;
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

    /// <summary>A generation let an exception out where no call takes it.</summary>
    public sealed class Condemned(int generation, FaultRecord fault) : Command
    {
        /// <summary>The generation.</summary>
        public int Generation { get; } = generation;

        /// <summary>What it was, recorded already.</summary>
        public FaultRecord Fault { get; } = fault;
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
internal sealed record ReloadTerms(bool AcceptsChanges = false, bool StartsStopped = true, bool OnlyIfChanged = false)
{
    /// <summary>What both of two requests for one content take.</summary>
    public ReloadTerms And(ReloadTerms other) => new(AcceptsChanges || other.AcceptsChanges, StartsStopped || other.StartsStopped, OnlyIfChanged && other.OnlyIfChanged);
}

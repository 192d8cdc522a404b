using System.Text.Json;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Services;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tiers;

/// <summary>A way to run plugins. Thread-safe.</summary>
internal interface ITier
{
    /// <summary>Which one.</summary>
    PluginTier Kind { get; }

    /// <summary>Starts one generation of a plugin; when the task ends it takes calls.</summary>
    /// <exception cref="PluginException">It could not be started; the kind says how the restart policy takes it.</exception>
    Task<IPluginInstance> StartAsync(StartRequest request, CancellationToken cancellationToken);
}

/// <summary>One running generation of a plugin. Thread-safe.</summary>
internal interface IPluginInstance : IAsyncDisposable
{
    /// <summary>The generation.</summary>
    int Generation { get; }

    /// <summary>The worker's process id, or null in-process.</summary>
    int? WorkerPid { get; }

    /// <summary>Ends when the instance dies without having been asked to: with the one fault record of the incident. Never faults.</summary>
    Task<FaultRecord> Died { get; }

    /// <summary>Its assemblies and where each comes from; empty out of process.</summary>
    IReadOnlyList<LoadedAssembly> Assemblies { get; }

    /// <summary>Its worker processes, those that are missing now included; empty in-process.</summary>
    IReadOnlyList<WorkerStatus> Workers => [];

    /// <summary>
    /// What calls of a contract go to: the plugin's object in-process (the engine puts it behind the guard), a proxy out of process.
    /// </summary>
    object Target(ContractDescriptor contract);

    /// <summary>
    /// Lets go of its calls because another generation takes them from now on: none goes in any more (one that comes late is told so before it is sent, and
    /// goes to the other), and those inside and the leases are waited for. The plugin is asked for nothing; a stop follows. Idempotent.
    /// </summary>
    /// <param name="drain">The longest wait.</param>
    /// <param name="cancellationToken">Ends the wait early.</param>
    /// <returns>How many calls and leases were left when the wait ended; 0 where none were, or where it died meanwhile.</returns>
    Task<int> DrainAsync(TimeSpan drain, CancellationToken cancellationToken);

    /// <summary>Asks the plugin whether it can do its work: its own check where it has one, else whether it answers.</summary>
    /// <exception cref="PluginException">It cannot, or did not answer in time.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    Task CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>
    /// What it has used, for <c>recycle</c>; null where it looks after that itself. Cheap but for the memory.
    /// </summary>
    /// <param name="withMemory">True to read its worker's memory as well.</param>
    InstanceUsage? Usage(bool withMemory);

    /// <summary>Ends it at once, as a fault: it went over a limit. Does nothing in-process, where nothing can be ended so.</summary>
    /// <param name="limit">Which, by the name that it is set by.</param>
    /// <param name="what">What is so, with both values: the end of a sentence that begins with the worker.</param>
    void EndOverLimit(string limit, string what);

    /// <summary>
    /// Stops in stages: no new calls, the plugin's token cancelled, calls in flight awaited up to <paramref name="drain"/>, then disposed and taken down.
    /// Idempotent; never throws for a plugin's fault.
    /// </summary>
    Task<UnloadResult> StopAsync(TimeSpan drain, CancellationToken cancellationToken);

    /// <summary>True where it was stopped and may be in memory still: somebody has to follow it with <see cref="LookAsync"/>.</summary>
    bool MayLinger => false;

    /// <summary>Looks again whether a stopped generation is gone from memory; forces nothing.</summary>
    Task<UnloadResult> LookAsync() => Task.FromResult(UnloadResult.Nothing);

    /// <summary>Names what still holds a stopped generation, in lines for a person, outermost first; empty where nobody was asked to. Never faults.</summary>
    Task<IReadOnlyList<string>> NameHoldersAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);
}

/// <summary>How an instance of several workers looks after their wear, for <c>recycle</c>.</summary>
/// <param name="Jitter">Gives a number from 0 to 1.</param>
/// <param name="Look">How often each worker is looked at.</param>
/// <param name="HealthTimeout">How long the health check of the next worker may take.</param>
/// <param name="Drain">How long a replaced worker may have calls and leases.</param>
/// <param name="Recycled">Told of each worker that was replaced: its number from 0, the limit, what was so, and how long it took.</param>
/// <param name="NotRecycled">Told of each that could not be: its number, and why.</param>
internal sealed record WearTerms(
    Func<double> Jitter, TimeSpan Look, TimeSpan HealthTimeout, TimeSpan Drain, Action<int, RecycleFinding, TimeSpan> Recycled, Action<int, PluginException> NotRecycled);

/// <summary>What one generation has used.</summary>
/// <param name="Calls">Calls that it has taken.</param>
/// <param name="MemoryBytes">Its worker's resident memory; null where it has none of its own, or was not asked for it.</param>
internal readonly record struct InstanceUsage(long Calls, long? MemoryBytes);

/// <summary>Everything a tier needs to start one generation.</summary>
internal sealed record StartRequest
{
    /// <summary>The manifest with the operator's overrides applied.</summary>
    public required PluginManifest Manifest { get; init; }

    /// <summary>The generation to start.</summary>
    public required int Generation { get; init; }

    /// <summary>The store's copy of the plugin's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The plugin's data folder; exists. Where every call has a worker of its own nobody uses it.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The folder for the folders of workers that live for one call; need not exist. Null for the data folder.</summary>
    public string? CallsFolder { get; init; }

    /// <summary>The folder for the plugin's temporary files; null for the system's.</summary>
    public string? TempFolder { get; init; }

    /// <summary>The settings with the operator's overrides applied.</summary>
    public required JsonElement Settings { get; init; }

    /// <summary>The host's descriptors of the contracts that the manifest names, in its order.</summary>
    public required IReadOnlyList<ContractDescriptor> Contracts { get; init; }

    /// <summary>The host's own assemblies that the plugin must share: simple names to full paths (contract assemblies and what they reach).</summary>
    public required IReadOnlyDictionary<string, string> SharedAssemblies { get; init; }

    /// <summary>
    /// The guards whose calls go to this generation where it runs in-process: a stop cuts them and waits for their calls. Read when it stops: while two
    /// generations stand side by side the newer one's calls come through guards of their own, and later through the application's.
    /// </summary>
    public required IReadOnlyList<Guard> Guards { get; init; }

    /// <summary>How many calls have come in by <see cref="Guards"/> for this generation; null where nobody counts.</summary>
    public Func<long>? CallsTaken { get; init; }

    /// <summary>The leases on what this generation hands out, where it runs in-process: a stop waits for them, then ends them.</summary>
    public LeaseTable? Results { get; init; }

    /// <summary>The leases on what this generation was handed, where it runs in-process: a stop takes them back.</summary>
    public LeaseTable? Arguments { get; init; }

    /// <summary>
    /// Makes suspended in-process calls let go of this generation: cancels <see cref="GuardSite.Revoked"/>. Called by the in-process tier when the
    /// drain's deadline has ended; null where there is nothing to cut.
    /// </summary>
    public Action? CutCalls { get; init; }

    /// <summary>Told once that its code is in the application's memory for good: <see cref="PluginManifest.Unloadable"/> is false. Null where nobody asks.</summary>
    public Action? Pinned { get; init; }

    /// <summary>Told the process id of this generation's worker as soon as it has one: its log begins then. Null where nobody asks.</summary>
    public Action<int>? WorkerStarted { get; init; }

    /// <summary>True where what the plugin says of its traces is believed: full trust.</summary>
    public bool TrustsTrace { get; init; }

    /// <summary>Told of every call's end and every fault.</summary>
    public required IInstanceObserver Observer { get; init; }

    /// <summary>
    /// The host services that this generation may call. The in-process tier revokes them when the plugin is disposed; out of process they end with the connection.
    /// </summary>
    public GrantedServices Services { get; init; } = GrantedServices.None;

    /// <summary>The chains of callers that the plugin's workers know; null where none calls through.</summary>
    public ChainTable? Chains { get; init; }

    /// <summary>True where it may take a worker that stands ready without a plugin, and wants another to stand ready afterwards. Default true.</summary>
    public bool TakesSpare { get; init; } = true;

    /// <summary>How the workers of an instance with several are recycled; null for not at all.</summary>
    public WearTerms? Wear { get; init; }

    /// <summary>True where workers that live for one call are kept ready for the next calls. Default true.</summary>
    public bool KeepsAhead { get; init; } = true;

    /// <summary>Makes the log of one of several workers, which is told its process id there; null where <see cref="Logger"/> serves all.</summary>
    public Func<Func<int?>, ILogger>? WorkerLog { get; init; }

    /// <summary>
    /// Told of exceptions that leave code of this generation in-process where no call takes them, on a thread of the host's; null where they end the process.
    /// </summary>
    public Action<ForeignFault>? Unhandled { get; init; }

    /// <summary>Where the threads that start and stop it in-process are counted.</summary>
    public StageMarks Stages { get; init; } = StageMarks.None;

    /// <summary>True where no call waits for it: it may take longer, so that its first call does not.</summary>
    public bool IsAhead { get; init; }

    /// <summary>What workers found in <see cref="Folder"/>'s files, for those after them; null to keep nothing.</summary>
    public LoadFindings? Findings { get; init; }

    /// <summary>For what the plugin and its worker log.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>Told by tiers what happens. Implemented by the engine over the recorder; thread-safe and quick.</summary>
internal interface IInstanceObserver
{
    /// <summary>A call out of process came back with a result. Times in Stopwatch ticks but for <paramref name="insideNanoseconds"/>.</summary>
    /// <param name="method">The method.</param>
    /// <param name="roundTrip">From the caller's entry to its result.</param>
    /// <param name="insideNanoseconds">The worker's own time, or -1 where it sent none.</param>
    /// <param name="queued">Time spent waiting in the host before sending.</param>
    void Completed(ContractMethod method, long roundTrip, long insideNanoseconds, long queued);

    /// <summary>A call out of process began (true) or ended (false).</summary>
    void InFlight(ContractMethod method, bool began);

    /// <summary>A call ended otherwise.</summary>
    void Ended(ContractMethod method, CallStatus status);

    /// <summary>A fault that does not end the instance: an exception, a time-out. The supervisor counts it against the fault rate.</summary>
    /// <returns>The id of its record, for the exception that the caller gets; null where it has none.</returns>
    string? Fault(FaultRecord fault);

    /// <summary>A generation that did not start was taken down again, and may be in memory still (<see cref="IPluginInstance.MayLinger"/>).</summary>
    void TakenDown(IPluginInstance instance, UnloadResult result)
    {
    }
}

/// <summary>Slots of <see cref="ThreadBlocks"/> for code of a plugin that is no call; -1 where it is not counted.</summary>
/// <param name="Start">Its load, construction, start and health check.</param>
/// <param name="Stop">What it does when it is asked to stop, and its disposal.</param>
internal readonly record struct StageMarks(int Start, int Stop)
{
    /// <summary>Not counted.</summary>
    public static StageMarks None { get; } = new(-1, -1);
}

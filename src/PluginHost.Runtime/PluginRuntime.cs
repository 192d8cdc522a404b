using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// Runs the plugins of one folder, each in the tier that its trust allows, and gives the application their contracts. Thread-safe.
/// Dispose it to stop every plugin and every worker.
/// </summary>
public sealed partial class PluginRuntime : IAsyncDisposable
{
    private static readonly TimeSpan s_windowEvery = TimeSpan.FromSeconds(5);
    private readonly PluginRuntimeOptions _options;
    private readonly RuntimeParts _parts;
    private readonly PluginRoster _roster = new();
    private readonly StoreUse _store;
    private readonly FolderIntake _intake;
    private readonly CancellationTokenSource _ended = new();
    private ControlServer? _control;
    private ITimer? _window;
    private FolderWatch? _watch;
    private bool _isDisposed;

    private PluginRuntime(PluginRuntimeOptions options, RuntimeParts parts)
    {
        _options = options;
        _parts = parts;
        Events = new EventSequence(parts.Recorder, options.Clock, _ended.Token);
        _store = new StoreUse(parts.Store, () => _roster.All.SelectMany(s => s.Contents), parts.Logger);
        _intake = new FolderIntake(parts.Preparation, _roster, _store, parts.Supervision, options.StartPlugins, RosterChanged);
    }

    /// <summary>Every plugin of the folder as it stands now, in the order of their folders.</summary>
    public IReadOnlyList<PluginStatus> Status => [.. _roster.All.Select(StatusOf)];

    /// <summary>The figures of now, since the runtime started.</summary>
    public StatsSnapshot Stats => _parts.Recorder.Snapshot();

    /// <summary>The last faults, oldest first; at most as many as the recorder keeps.</summary>
    public IReadOnlyList<FaultRecord> Faults => _parts.Recorder.Faults();

    /// <summary>The last restarts, oldest first.</summary>
    public IReadOnlyList<RestartRecord> Restarts => _parts.Recorder.Restarts();

    /// <summary>
    /// Faults, restarts and changes of state, from the moment a reader begins on: <c>await foreach (PluginEvent told in plugins.Events)</c>. Each reader has
    /// a queue of 1,024; one that is too slow loses the oldest and gets an <see cref="EventsMissed"/>. Ends when the runtime is disposed.
    /// </summary>
    public IAsyncEnumerable<PluginEvent> Events { get; }

    /// <summary>What stands ready for restarts, and what such workers did so far; <see cref="PluginRuntimeOptions.Spares"/> says how many there are.</summary>
    public SpareCounts Spares => _parts.Spares with { Hot = _roster.All.Count(s => s.HasHotSpare) };

    /// <summary>Calls back for every fault, restart and change of state from now on, on the thread that reports it: be quick. What it throws is logged.</summary>
    /// <param name="subscriber">The callback.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Subscribe(Action<PluginEvent> subscriber) => _parts.Recorder.Subscribe(subscriber);

    /// <summary>The state folder in use, a full path.</summary>
    public string StateFolder => _parts.State.Path;

    /// <summary>
    /// Starts a runtime: reads every plugin folder, places each plugin and starts those that may run. Ends when each has had its first attempt;
    /// a plugin that fails or is refused never stops the others.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Gives up; what was started is stopped again.</param>
    /// <exception cref="ArgumentException">The options have problems; the message lists all of them.</exception>
    /// <exception cref="IOException">The state folder cannot be used; the message says why and what to do.</exception>
    public static async Task<PluginRuntime> StartAsync(PluginRuntimeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        IReadOnlyList<string> problems = options.Validate();
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(options));
        }

        PluginRuntime runtime = new(options, await Task.Run(() => RuntimeParts.Open(options), cancellationToken).ConfigureAwait(false));
        try
        {
            await Task.Run(runtime.Open, cancellationToken).ConfigureAwait(false);
            await Leftovers.EndAsync(runtime._parts.Running.Past, runtime._parts.WorkerProgram, runtime._parts.Logger, options.Clock).ConfigureAwait(false);
            if (options.StartPlugins)
            {
                await Task.WhenAll(runtime.Waves().SelectMany(wave => wave).Select(s => s.StartAsync())).WaitAsync(cancellationToken).ConfigureAwait(false);
                runtime.CollectEarlierCopies();
            }

            Volatile.Write(ref runtime._isStarted, true);
            runtime.CalibrateOnce();
            runtime.WriteWindow();
            return runtime;
        }
        catch
        {
            await runtime.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Gives a plugin's contract. The object stays valid for the runtime's life, over restarts, reloads and changes of tier; a plugin that does not
    /// run is told by the call, which says when to retry.
    /// </summary>
    /// <typeparam name="TContract">An interface marked <see cref="Contracts.PluginContractAttribute"/>.</typeparam>
    /// <param name="pluginId">The plugin's id.</param>
    /// <exception cref="KeyNotFoundException">No plugin of the folder has that id.</exception>
    /// <exception cref="ContractMismatchException">The plugin does not implement the contract, or in another major version.</exception>
    /// <exception cref="PluginRefusedException">The plugin may not run; the message gives every reason.</exception>
    public TContract Get<TContract>(string pluginId)
        where TContract : class =>
        (TContract)Guard(Supervisor(pluginId), typeof(TContract));

    /// <summary>Gives a contract of every plugin that implements it and may run.</summary>
    public IReadOnlyDictionary<string, TContract> GetAll<TContract>()
        where TContract : class =>
        _roster.All
            .Where(s => s.Sites.Any(site => site.Contract.InterfaceType == typeof(TContract)))
            .ToDictionary(s => s.Plugin.Id, s => (TContract)Guard(s, typeof(TContract)), StringComparer.Ordinal);

    /// <summary>
    /// Starts a plugin that is stopped. Ends with the first attempt; <see cref="Status"/> says what came of it. One in quarantine stays there: see
    /// <see cref="ResetAsync"/>.
    /// </summary>
    /// <exception cref="KeyNotFoundException">No plugin of the folder has that id.</exception>
    /// <exception cref="PluginRefusedException">It is pinned in the application and was stopped: its code is in memory already, and cannot be loaded again.</exception>
    public Task StartAsync(string pluginId) => Supervisor(pluginId).StartAsync();

    /// <summary>Stops a plugin: no new calls, those in flight awaited, then taken down. It stays stopped.</summary>
    /// <returns>What became of it.</returns>
    /// <exception cref="KeyNotFoundException">No plugin of the folder has that id.</exception>
    public Task<UnloadResult> StopAsync(string pluginId) => Supervisor(pluginId).StopAsync();

    /// <summary>Stops a plugin and starts its next generation; calls wait meanwhile. Spends no restart budget.</summary>
    /// <returns>What became of the old generation.</returns>
    /// <exception cref="KeyNotFoundException">No plugin of the folder has that id.</exception>
    /// <exception cref="PluginRefusedException">It is pinned in the application (<c>"unloadable": false</c>): its code cannot leave memory.</exception>
    public Task<UnloadResult> RestartAsync(string pluginId) => Supervisor(pluginId).RestartAsync();

    /// <summary>
    /// Forgets a plugin's failures, leaves quarantine and starts it. Where the host had moved it to a farther tier (<see cref="PluginStatus.Demotion"/>),
    /// it forgets that too, stops it there and starts it where trust and policy place it.
    /// </summary>
    /// <param name="pluginId">The plugin's id.</param>
    /// <param name="start">False leaves a plugin that does not run at rest. Default true.</param>
    /// <exception cref="KeyNotFoundException">No plugin of the folder has that id.</exception>
    /// <exception cref="PluginRefusedException">It is pinned in the application, does not run, and would have to be loaded again.</exception>
    public Task ResetAsync(string pluginId, bool start = true) => Supervisor(pluginId).ResetAsync(_parts.Preparation.Undemote, start);

    /// <summary>Everything known of one plugin.</summary>
    /// <exception cref="KeyNotFoundException">No plugin of the folder has that id.</exception>
    public PluginInspection Inspect(string pluginId)
    {
        PluginSupervisor supervisor = Supervisor(pluginId);
        AssemblyReport assemblies = PluginAssemblies.Of(supervisor.Plugin, supervisor.Assemblies(), supervisor.Tier);
        return new PluginInspection
        {
            Status = StatusOf(supervisor),
            Manifest = supervisor.Plugin.Manifest,
            Placement = supervisor.Plugin.Placement,
            SourceFolder = supervisor.Plugin.SourceFolder,
            StoreFolder = supervisor.Plugin.Folder,
            ContentHash = supervisor.Plugin.ContentHash,
            DataFolder = supervisor.Plugin.DataFolder,
            Assemblies = assemblies.Assemblies,
            AssemblyProblems = assemblies.Problems,
        };
    }

    /// <summary>Calls a method by its wire name with arguments as JSON: an array by position, an object by name.</summary>
    /// <param name="pluginId">The plugin's id.</param>
    /// <param name="method">Such as <c>Markdown.Render</c>.</param>
    /// <param name="arguments">JSON text; empty for no arguments.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The result as JSON text; <c>null</c> for a method without result.</returns>
    /// <exception cref="KeyNotFoundException">No such plugin or method; the message lists those there are.</exception>
    /// <exception cref="FormatException">The arguments do not fit; the message says where.</exception>
    public ValueTask<string> CallJsonAsync(string pluginId, string method, string arguments, CancellationToken cancellationToken = default)
    {
        PluginSupervisor supervisor = Supervisor(pluginId);
        return JsonCall.InvokeAsync(supervisor, method, arguments, cancellationToken);
    }

    private static object Guard(PluginSupervisor supervisor, Type contract)
    {
        foreach (PluginGuardSite site in supervisor.Sites)
        {
            if (site.Contract.InterfaceType == contract)
            {
                return site.Caller;
            }
        }

        string id = supervisor.Plugin.Id;
        if (supervisor.Plugin.Placement.Tier is null)
        {
            throw new PluginRefusedException(
                $"{id} may not run: {supervisor.Plugin.Placement.Refusal}",
                new PluginFault(id, FaultKind.Refused) { FaultId = supervisor.View.FaultId });
        }

        string offered = string.Join(", ", supervisor.Sites.Select(s => s.Contract.VersionedName));
        throw new ContractMismatchException(
            $"{id} does not implement {contract.FullName}; it implements {offered}. Ask for one of those, or name the contract in its manifest.",
            new PluginFault(id, FaultKind.ContractMismatch));
    }

    private PluginSupervisor Supervisor(string pluginId)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed), this);
        return _roster.Find(pluginId)
            ?? throw new KeyNotFoundException(
                $"No plugin '{pluginId}' in {_options.Directory}. There are: {string.Join(", ", _roster.All.Select(s => s.Plugin.Id).DefaultIfEmpty("none"))}.");
    }

    private static PluginStatus StatusOf(PluginSupervisor supervisor)
    {
        PluginView view = supervisor.View;
        SupervisedPlugin plugin = supervisor.Plugin;
        return new PluginStatus
        {
            Id = plugin.Id,
            Version = plugin.Manifest?.Version,
            RequestedTrust = plugin.Placement.Requested,
            GrantedTrust = plugin.Placement.Granted,
            Tier = supervisor.Tier,
            State = view.State,
            Generation = view.Generation,
            WorkerPid = view.Instance?.WorkerPid,
            Workers = view.Instance?.Workers ?? [],
            Since = view.Since,
            RetryAt = view.RetryAt,
            Contracts = [.. plugin.Manifest?.Contracts.Select(c => c.ToString()) ?? []],
            Unavailable = plugin.Placement.Unavailable,
            Demotion = supervisor.Demotion,
            StuckCalls = supervisor.StuckCalls,
            FaultId = view.FaultId,
            Unproved = supervisor.Unproved,
            Reasons = supervisor.Reasons,
        };
    }

    private void WriteWindow()
    {
        RuntimeSnapshot snapshot = Snapshot();
        if (_options.StartPlugins || snapshot.Faults.Count > 0 || snapshot.Stats.Plugins.Any(p => p.Calls > 0))
        {
            // One that only looks at the folder has no figures: what the last host recorded stays.
            _parts.Window.Write(snapshot);
        }
    }

    private RuntimeSnapshot Snapshot() => new()
    {
        At = _options.Clock.GetUtcNow(),
        Pid = Environment.ProcessId,
        Plugins = Status,
        Stats = Stats,
        Faults = Faults,
        Restarts = Restarts,
    };
}

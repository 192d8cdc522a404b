using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Export;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>What a runtime is put together from: the one place that knows every room.</summary>
internal sealed class RuntimeParts : IAsyncDisposable
{
    private readonly FaultJournal _journal;
    private readonly FlightRecorder _flight;
    private readonly PluginMeters _meters;
    private readonly IDisposable _journaling;
    private readonly StuckCallWatch _stuckCalls;

    private RuntimeParts(PluginRuntimeOptions options, StateFolder state)
    {
        State = state;
        Logger = options.LoggerFactory.CreateLogger<PluginRuntime>();
        PolicyResult policy = ReadPolicy(options, state);
        KnownContracts contracts = KnownContracts.Collect(options, Logger);

        // The first that may refuse the options: nothing is open yet that would have to be closed.
        Services = new ServiceDirectory(options, policy.Policy, contracts, Logger);
        Recorder = new Recorder(new RecorderOptions(), options.Clock, Logger);
        _journal = new FaultJournal(state.Path, new FaultJournalOptions(), Logger);
        _journaling = Recorder.Subscribe(_journal.Append);
        _meters = new PluginMeters(Recorder);
        Window = new WindowFile(state.LastWindow, Logger);

        if (CallFolder.TryRemove(state.Calls) is { } kept)
        {
            Log.CallsKept(Logger, state.Calls, kept);
        }

        Demotions = new Demotions(state.Demotions, options.Demotion, options.Clock, Logger);

        // Read before this process records into the same folder, and before the plugins are placed.
        new DeadHosts(Recorder, Demotions, options.Clock, Logger).Report(state.Path);
        _flight = FlightRecorder.Open(state.Path, Logger);
        Running = RunningWorkers.Open(state.Running, Logger);
        Store = new PluginStore(state, options.LoggerFactory.CreateLogger<PluginStore>());
        Preparation = new PluginPreparation(
            options,
            state,
            Store,
            policy,
            contracts,
            Demotions,
            Logger);
        ProcessTierOptions workers = WorkersOf(options, state);
        WorkerProgram = WorkerCommand.ProgramOf(workers);
        Supervision = new SupervisorSettings
        {
            Clock = options.Clock,
            Jitter = new Jitter(new Random(options.JitterSeed ?? unchecked((int)options.Clock.GetTimestamp()))),
            Tiers = CreateTiers(options, workers, Running, HoldersOf(options, state, Logger)),
            Recorder = Recorder,
            Flight = _flight,
            FaultRate = options.FaultRate,
            RestartQueue = new RestartQueue(options.RestartRate, options.Clock),
            Unload = options.Unload,
            DrainTimeout = options.DrainTimeout,
            StartTimeout = options.StartTimeout,
            HealthTimeout = options.HealthTimeout,
            WarmSpares = Math.Min(options.Spares.PerClass, options.Spares.Most),
            HotDelay = options.Spares.RefillDelay,
            RoundTrip = options.RoundTripInProcess,
            Services = Services.Grant,
            Demotions = Demotions,
            StuckCalls = _stuckCalls = new StuckCallWatch(options.StuckCalls, options.Clock, Logger),
            TakesUnhandled = options.HandleUnhandledExceptions && ForeignFaults.Enable(Logger),
            Logger = Logger,
            LoggerFactory = options.LoggerFactory,
        };
    }

    public StateFolder State { get; }

    public ILogger Logger { get; }

    public RunningWorkers Running { get; }

    /// <summary>The program that workers run, as the application placed it.</summary>
    public string WorkerProgram { get; }

    public Recorder Recorder { get; }

    public WindowFile Window { get; }

    public Demotions Demotions { get; }

    public PluginStore Store { get; }

    public PluginPreparation Preparation { get; }

    public SupervisorSettings Supervision { get; }

    public ServiceDirectory Services { get; }

    /// <summary>What the spares did so far.</summary>
    public SpareCounts Spares => Supervision.Tiers.OfType<ProcessTier>().FirstOrDefault()?.Spares ?? SpareCounts.Zero;

    /// <summary>Opens the state folder and builds the parts.</summary>
    /// <exception cref="IOException">The state folder cannot be used.</exception>
    public static RuntimeParts Open(PluginRuntimeOptions options)
    {
        StateFolder state = OpenState(options);
        try
        {
            return new RuntimeParts(options, state);
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    /// <summary>Measures what the in-process guard costs on this machine; for the figures of in-process plugins. Takes some milliseconds.</summary>
    public void Calibrate() => Recorder.SetCalibratedOverhead(GuardCalibration.Measure(Supervision.Clock));

    /// <summary>Ends what belongs to no plugin: workers that stand ready. No plugin may be started any more.</summary>
    public async Task EndTiersAsync()
    {
        foreach (IAsyncDisposable tier in Supervision.Tiers.OfType<IAsyncDisposable>())
        {
            await tier.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Closes all the rest, after <see cref="EndTiersAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        _stuckCalls.Dispose();
        Services.Dispose();
        _meters.Dispose();
        Recorder.Dispose();
        _journaling.Dispose();
        await _journal.DisposeAsync().ConfigureAwait(false);
        _flight.Dispose();
        Running.Dispose();
        State.Dispose();
    }

    private static IReadOnlyList<ITier> CreateTiers(
        PluginRuntimeOptions options, ProcessTierOptions workers, RunningWorkers running, HolderSearch holders) =>
    [
        new InProcessTier(
            new InProcessOptions { ForceUnloadProof = options.ForceUnloadProof, ClearFrameworkCaches = options.Unload.ClearFrameworkCaches },
            options.Clock,
            options.LoggerFactory,
            options.NameHolders ? holders.NameAsync : null),
        new ProcessTier(workers, options.Clock, options.LoggerFactory.CreateLogger<ProcessTier>(), running),
    ];

    // Made even where nobody may ask: it removes what a host that was killed over a dump has left.
    private static HolderSearch HoldersOf(PluginRuntimeOptions options, StateFolder state, ILogger logger) => new(state.Holders, new HolderOptions(), options.Clock, logger);

    private static ProcessTierOptions WorkersOf(PluginRuntimeOptions options, StateFolder state)
    {
        ProcessTierOptions workers = new()
        {
            Codec = options.Codec,
            Transport = options.Transport,
            StartTimeout = options.StartTimeout,
            Hangs = options.Hangs,
            PayloadAreaBytes = options.PayloadAreaBytes,
            MaxPayloadBytes = options.MaxPayloadBytes,
            Spares = options.Spares,
            FrameworkConfigurations = Path.Combine(state.Path, "frameworks"),
        };
        return options.Workers?.Invoke(workers) ?? workers;
    }

    private static StateFolder OpenState(PluginRuntimeOptions options)
    {
        try
        {
            return options.StateFolder is { } path
                ? StateFolder.Open(path, options.Directory)
                : StateFolder.OpenFirstFree(StateFolder.DefaultFor(options.Directory), options.Directory);
        }
        catch (StateFolderException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private static PolicyResult ReadPolicy(PluginRuntimeOptions options, StateFolder state)
    {
        if (options.Policy is { } policy)
        {
            string place = policy.Source ?? "the application's policy";
            return new PolicyResult(policy, [.. policy.Validate().Select(problem => new Problem(place, problem))]);
        }

        return options.PolicyFile is { } file
            ? PolicyReader.Read(file, options.Directory)
            : PolicyReader.ReadIfThere(state.PolicyFile, options.Directory);
    }
}

using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>What a runtime is put together from: the one place that knows every room.</summary>
internal sealed class RuntimeParts : IDisposable
{
    private RuntimeParts(PluginRuntimeOptions options, StateFolder state)
    {
        State = state;
        Logger = options.LoggerFactory.CreateLogger<PluginRuntime>();
        Recorder = new Recorder(new RecorderOptions(), options.Clock, Logger);
        Window = new WindowFile(state.LastWindow, Logger);
        PolicyResult policy = ReadPolicy(options, state);
        Preparation = new PluginPreparation(
            options,
            state,
            new PluginStore(state, options.LoggerFactory.CreateLogger<PluginStore>()),
            policy,
            KnownContracts.Collect(options, Logger),
            Logger);
        Supervision = new SupervisorSettings
        {
            Clock = options.Clock,
            Jitter = new Jitter(new Random(options.JitterSeed ?? unchecked((int)options.Clock.GetTimestamp()))),
            Tiers = [],
            Recorder = Recorder,
            FaultRate = options.FaultRate,
            DrainTimeout = options.DrainTimeout,
            StartTimeout = options.StartTimeout,
            RoundTrip = options.RoundTripInProcess,
            Logger = Logger,
            LoggerFactory = options.LoggerFactory,
        };
    }

    public StateFolder State { get; }

    public ILogger Logger { get; }

    public Recorder Recorder { get; }

    public WindowFile Window { get; }

    public PluginPreparation Preparation { get; }

    public SupervisorSettings Supervision { get; }

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

    /// <inheritdoc/>
    public void Dispose()
    {
        Recorder.Dispose();
        State.Dispose();
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
            return new PolicyResult(policy, [.. policy.Validate().Select(problem => new Model.Problem(place, problem))]);
        }

        return options.PolicyFile is { } file
            ? PolicyReader.Read(file, options.Directory)
            : PolicyReader.ReadIfThere(state.PolicyFile, options.Directory);
    }
}

using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Services;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// Keeps one plugin running: starts its generations, hears of their deaths, asks the restart policy and acts. All of it happens in one loop,
/// one command after the other, so that at most one start or stop is under way. Thread-safe.
/// </summary>
internal sealed partial class PluginSupervisor : IAsyncDisposable
{
    private readonly SupervisorSettings _settings;
    private readonly PluginLog _log;
    private readonly PluginStateMachine _machine;
    private readonly Channel<Command> _commands = Channel.CreateUnbounded<Command>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly FaultRate _rate;
    private readonly Task _loop;
    private readonly StageSlots _stages;
    private CancellationTokenSource _startCancelled = new();
    private LiveGeneration? _live;
    private RestartHistory _history = RestartHistory.Empty;
    private SupervisedPlugin _plugin;
    private PluginTier? _tier;
    private string? _demotion;

    // Stops and restarts that are asked for and not begun: what starts meanwhile is given up. Those that are not followed by a start count in both.
    private long _stopRequested;
    private long _endsWanted;

    public PluginSupervisor(SupervisedPlugin plugin, SupervisorSettings settings)
    {
        _plugin = plugin;
        _settings = settings;
        _log = new PluginLog(settings.Logger, () => LogProperties(View.Generation));
        _tier = plugin.Placement.Tier;
        _machine = new PluginStateMachine(settings.Clock, TellChange);
        _rate = new FaultRate(settings.FaultRate);
        Observer = new PluginObserver(this, settings.Recorder);
        Invoker = new SupervisedInvoker(this);
        Chains = new ChainTable(plugin.Id);
        _stages = new StageSlots(plugin.Id, settings.Flight);
        _workerSlots = NewSlots();
        _own = _current = new GuardSet(this, plugin.Contracts, new GenerationLeases(this, _workerSlots, 0, plugin));
        _sets = [_own];
        _freeSets.Add(_own);
        if (plugin.Placement.Tier is null)
        {
            _machine.Rest(PluginState.Refused, plugin.Placement.Refusal);
        }

        _loop = Task.Run(RunAsync);
    }

    /// <summary>The clock.</summary>
    public TimeProvider Clock => _settings.Clock;

    /// <summary>The plugin as read and placed last.</summary>
    public SupervisedPlugin Plugin => Volatile.Read(ref _plugin);

    /// <summary>What is true now.</summary>
    public PluginView View => _machine.View;

    /// <summary>Told of calls and faults of every generation.</summary>
    public PluginObserver Observer { get; }

    /// <summary>Carries the calls of the plugin's proxies to its current worker.</summary>
    public SupervisedInvoker Invoker { get; }

    /// <summary>The chains of callers that the plugin's workers know.</summary>
    public ChainTable Chains { get; }

    /// <summary>The engine's side of the guards that the application holds, one a contract.</summary>
    public IReadOnlyList<PluginGuardSite> Sites => _own.Sites;

    /// <summary>Where the plugin runs, demotion included; null where it may run nowhere.</summary>
    public PluginTier? Tier => _tier;

    /// <summary>True where it could run nowhere as it was found first: the application has nothing of it, and another may take its place.</summary>
    public bool WasNeverPlaced => Plugin.Placement.Tier is null;

    /// <summary>The content hashes that it runs, holds ready or lets end: their copies in the store are in use.</summary>
    public IReadOnlyList<string> Contents
    {
        get
        {
            // The plugin first: a swap names what it replaces among those that leave before it names the other as the plugin.
            string? now = Plugin.ContentHash;
            return [.. new[] { now, Volatile.Read(ref _hot)?.Plugin.ContentHash }.Concat(Volatile.Read(ref _leaving).Select(l => l.Plugin.ContentHash)).OfType<string>()];
        }
    }

    /// <summary>True where calls go to a child process.</summary>
    public bool IsOutOfProcess => _tier is PluginTier.Process or PluginTier.Sandbox;

    /// <summary>The placement's reasons, and what has changed it since.</summary>
    public IReadOnlyList<string> Reasons
    {
        get
        {
            List<string> reasons = [.. Plugin.Placement.Reasons];
            if (_demotion is { } demotion && !reasons.Contains(demotion))
            {
                reasons.Add(demotion);
            }

            if (PoolReason is { } pool)
            {
                reasons.Add(pool);
            }

            if (SpareReason is { } spare)
            {
                reasons.Add(spare);
            }

            reasons.AddRange(UnprovedReasons);
            if (StuckReason is { } stuck)
            {
                reasons.Add(stuck);
            }

            foreach (WorkerStatus worker in View.Instance?.Workers ?? [])
            {
                if (worker is { State: WorkerState.Ready, Reason: { } trouble })
                {
                    reasons.Add($"Worker {worker.Pid}: {trouble}");
                }
            }

            if (View.Reason is { } reason)
            {
                reasons.Add(reason);
            }

            return reasons;
        }
    }

    /// <summary>Why the host moved it to a farther tier than trust and policy choose; null where it did not.</summary>
    public string? Demotion => _demotion ?? Plugin.Placement.Demotion;

    /// <summary>True where in-process calls' data go through the codec and back.</summary>
    public bool RoundTrip => _settings.RoundTrip;

    /// <summary>The running generation's assemblies; empty where it does not run in-process.</summary>
    public IReadOnlyList<LoadedAssembly> Assemblies() => View.Instance?.Assemblies ?? [];

    /// <summary>Starts the plugin where it is at rest and not quarantined; ends with the first attempt, whatever came of it.</summary>
    public Task StartAsync() => PostAsync(new Command.Start());

    /// <summary>Forgets past failures, leaves quarantine, takes back what moved the plugin to a farther tier, and starts.</summary>
    /// <param name="undemote">Gives the plugin as it is placed without what moved it; called in the loop. Null leaves the placement.</param>
    /// <param name="start">False leaves a plugin that does not run at rest.</param>
    public Task ResetAsync(Func<SupervisedPlugin, SupervisedPlugin>? undemote = null, bool start = true) =>
        PostAsync(new Command.Reset(undemote ?? (static plugin => plugin), start));

    /// <summary>Stops the plugin; it stays stopped. Ends a start that is under way.</summary>
    public Task<UnloadResult> StopAsync() => PostStopAsync(new Command.Stop(_settings.DrainTimeout));

    /// <summary>Stops the running generation and starts the next; calls wait meanwhile. Spends no restart budget.</summary>
    /// <exception cref="PluginRefusedException">It is pinned in the application.</exception>
    public Task<UnloadResult> RestartAsync() =>
        PinnedRefusal("restarted") is { } refused ? Task.FromException<UnloadResult>(refused) : PostStopAsync(new Command.Restart());

    /// <summary>How long a call of this method may take.</summary>
    public TimeSpan TimeoutOf(ContractMethod method) => method.Timeout ?? Plugin.Manifest?.Limits.CallTimeout ?? Timeout.InfiniteTimeSpan;

    /// <summary>Hears that counted faults came too fast.</summary>
    public void CountFault(FaultRecord fault)
    {
        if (fault.Generation == View.Generation && _rate.Add(Clock.GetUtcNow()))
        {
            FaultRecord incident = fault with
            {
                Id = null,
                Limit = FaultRateLimit,
                Remedy = null,
                Message = $"Too many faults: {_settings.FaultRate.Limit} within {_settings.FaultRate.Window:c}; the last: {fault.Message}",
                Kind = FaultKind.LimitExceeded,
            };
            _commands.Writer.TryWrite(new Command.Died(fault.Generation, incident, IsAlive: true));
        }
    }

    private IReadOnlyList<KeyValuePair<string, object?>> LogProperties(int generation) =>
        LogProperties(generation, Observer.Generation == generation ? Observer.WorkerPid : null);

    private IReadOnlyList<KeyValuePair<string, object?>> LogProperties(int generation, int? workerPid) =>
    [
        new("PluginId", Plugin.Id),
        new("Tier", _tier),
        new("Generation", generation),
        new("WorkerPid", workerPid),
    ];

    private async Task PostAsync(Command command)
    {
        if (_commands.Writer.TryWrite(command))
        {
            await command.Done.ConfigureAwait(false);
        }
    }

    private async Task<UnloadResult> PostStopAsync(Command command)
    {
        // A start that is under way would hold the loop: it is told to give up first.
        if (command is Command.Stop)
        {
            Interlocked.Increment(ref _endsWanted);
        }

        Interlocked.Increment(ref _stopRequested);
        await CancelStartAsync().ConfigureAwait(false);
        return _commands.Writer.TryWrite(command) ? await command.Done.ConfigureAwait(false) : UnloadResult.Nothing;
    }

    private Task CancelStartAsync() => CancelAsync(Volatile.Read(ref _startCancelled));

    private static async Task CancelAsync(CancellationTokenSource start)
    {
        try
        {
            await start.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It ended at this moment: there is nothing left to give up.
        }
    }
}

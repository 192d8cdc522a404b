using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.InProcess;

/// <summary>
/// One generation of a plugin inside the application. The only host object that refers to the plugin's objects: it drops them when it stops.
/// Methods that touch them are not inlined, so that no caller's frame keeps one. Thread-safe.
/// </summary>
internal sealed partial class InProcessInstance : IPluginInstance
{
    private readonly TaskCompletionSource<FaultRecord> _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _startCancelled = new();
    private readonly Lock _lock = new();
    private readonly StartRequest _request;
    private readonly InProcessOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly ProofBudget _proofs;
    private readonly Func<HolderQuestion, CancellationToken, Task<IReadOnlyList<string>>>? _nameHolders;
    private readonly PluginContext _context;
    private LoadedPlugin? _loaded;
    private object? _plugin;

    public InProcessInstance(
        StartRequest request,
        InProcessOptions options,
        TimeProvider clock,
        ILogger logger,
        ProofBudget proofs,
        Func<HolderQuestion, CancellationToken, Task<IReadOnlyList<string>>>? nameHolders)
    {
        _request = request;
        _options = options;
        _clock = clock;
        _logger = logger;
        _proofs = proofs;
        _nameHolders = nameHolders;
        _context = new PluginContext(request);
    }

    /// <inheritdoc/>
    public int Generation => _request.Generation;

    /// <inheritdoc/>
    public int? WorkerPid => null;

    /// <inheritdoc/>
    /// <remarks>Never ends by itself: what kills an in-process plugin kills the application.</remarks>
    public Task<FaultRecord> Died => _died.Task;

    /// <summary>The load report so far; empty once stopped.</summary>
    public IReadOnlyList<LoadedAssembly> Assemblies => Volatile.Read(ref _loaded)?.Assemblies ?? [];

    private string PluginId => _request.Manifest.Id;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The instance is stopped, or the plugin does not implement the contract.</exception>
    public object Target(ContractDescriptor contract)
    {
        object plugin = Volatile.Read(ref _plugin)
            ?? throw new InvalidOperationException($"Plugin '{PluginId}', generation {Generation}, is not running in-process.");
        return contract.InterfaceType.IsInstanceOfType(plugin)
            ? plugin
            : throw new InvalidOperationException($"Plugin '{PluginId}' does not implement {contract.VersionedName}.");
    }

    /// <inheritdoc/>
    public async Task CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(timeout, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        Task checking = PluginCode.RunAsync(() => CheckHealth(either.Token), _request.Stages.Start);
        PluginLoadException failed;
        try
        {
            await checking.WaitAsync(either.Token).ConfigureAwait(false);
            return;
        }
        catch (PluginLoadException unhealthy) when (!late.IsCancellationRequested)
        {
            failed = unhealthy;
        }
        catch (Exception ended) when (late.IsCancellationRequested && ended is PluginLoadException or OperationCanceledException)
        {
            failed = new PluginLoadException(
                PluginId,
                FaultKind.StartFailure,
                $"Plugin '{PluginId}' is not healthy: its health check did not end within {timeout:c}.",
                "Mend what the check waits for, or raise PluginRuntimeOptions.HealthTimeout.");
        }

        throw FaultText.Exception(failed, PluginTier.InProcess, Generation);
    }

    /// <inheritdoc/>
    public InstanceUsage? Usage(bool withMemory) => new InstanceUsage(_request.CallsTaken?.Invoke() ?? 0, null);

    /// <inheritdoc/>
    public void EndOverLimit(string limit, string what)
    {
        // Nothing in the application's own process can be ended so, and no limit in-process asks for it.
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);

    /// <summary>Loads, constructs and starts the plugin. Called once; never faults.</summary>
    /// <returns>What failed, as plain data; null where the plugin takes calls.</returns>
    public async Task<PluginException?> StartAsync()
    {
        try
        {
            await PluginCode.RunAsync(LoadAndStart, _request.Stages.Start).ConfigureAwait(false);
            return null;
        }
        catch (Exception thrown)
        {
            return Failure(thrown);
        }
    }

    /// <summary>Asks a start that is under way to give up. Never faults: what the plugin's callbacks throw is reported.</summary>
    public Task CancelStartAsync() => PluginCode.RunAsync(
        () =>
        {
            try
            {
                _startCancelled.Cancel();
            }
            catch (AggregateException several)
            {
                foreach (Exception thrown in several.Flatten().InnerExceptions)
                {
                    Report(ThrownException.Read(thrown, cancellationRequested: true), "A callback of its start's token");
                }
            }

            return Task.CompletedTask;
        },
        _request.Stages.Start);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Task LoadAndStart()
    {
        LoadedPlugin loaded = PluginLoader.Load(new LoadOptions
        {
            PluginId = PluginId,
            Folder = _request.Folder,
            EntryAssembly = _request.Manifest.Entry!,
            Contracts = [.. _request.Contracts.Select(c => c.InterfaceType)],
            Shared = new SharedAssemblies(_request.SharedAssemblies),
            Collectible = _request.Manifest.Unloadable,
            LoadedOutside = row => Log.LoadedOutside(_logger, PluginId, Generation, row.Name, row.Version, row.From, row.Because),
        });
        Volatile.Write(ref _loaded, loaded);
        if (_request.Unhandled is { } unhandled)
        {
            ForeignFaults.Own(loaded.Context, new ForeignOwner(PluginId, Generation, unhandled, _clock));
        }

        if (!loaded.Context.IsCollectible)
        {
            _request.Pinned?.Invoke();
        }

        object plugin = loaded.CreateInstance(_context);
        Volatile.Write(ref _plugin, plugin);
        foreach (LoadedAssembly row in _logger.IsEnabled(LogLevel.Debug) ? loaded.Assemblies : [])
        {
            Log.Loaded(_logger, PluginId, Generation, row.Name, row.Version, row.From, row.Because);
        }

        return plugin is IAsyncStartable startable ? startable.StartAsync(_startCancelled.Token).AsTask() : Task.CompletedTask;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Task CheckHealth(CancellationToken cancellationToken) =>
        Volatile.Read(ref _plugin) is { } plugin && Volatile.Read(ref _loaded) is { } loaded ? loaded.CheckHealthAsync(plugin, cancellationToken) : Task.CompletedTask;

    private PluginException Failure(Exception thrown)
    {
        PluginLoadException failure = thrown as PluginLoadException
            ?? Volatile.Read(ref _loaded)?.Diagnose(thrown, "its start")
            ?? new PluginLoadException(PluginId, FaultKind.StartFailure, $"Plugin '{PluginId}' could not be loaded: {thrown.Message}", "Read the stack in the fault.")
            {
                Thrown = ThrownException.Read(thrown),
            };
        return FaultText.Exception(failure, PluginTier.InProcess, Generation);
    }
}

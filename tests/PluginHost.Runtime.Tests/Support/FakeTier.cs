using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>A tier whose instances live and die as a test says.</summary>
internal sealed class FakeTier(PluginTier kind) : ITier
{
    private readonly List<FakeInstance> _started = [];

    public PluginTier Kind => kind;

    /// <summary>What starts do; by default they succeed.</summary>
    public Func<StartRequest, CancellationToken, Task<IPluginInstance>>? OnStart { get; set; }

    public UnloadOutcome Unload { get; set; } = UnloadOutcome.Unloaded;

    /// <summary>True where stopped instances stay in memory until a test says that they are gone.</summary>
    public bool Lingers { get; set; }

    public IReadOnlyList<FakeInstance> Started
    {
        get
        {
            lock (_started)
            {
                return [.. _started];
            }
        }
    }

    public async Task<IPluginInstance> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        if (kind == PluginTier.InProcess && !request.Manifest.Unloadable)
        {
            request.Pinned?.Invoke();
        }

        if (OnStart is { } start)
        {
            return await start(request, cancellationToken);
        }

        FakeInstance instance = new(request.Generation) { Unload = Unload, Lingers = Lingers };
        lock (_started)
        {
            _started.Add(instance);
        }

        return instance;
    }
}

/// <summary>A generation that is nothing but its own state.</summary>
internal sealed class FakeInstance(int generation) : IPluginInstance
{
    private readonly TaskCompletionSource<FaultRecord> _died = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Generation => generation;

    public int? WorkerPid => 1000 + generation;

    public Task<FaultRecord> Died => _died.Task;

    public IReadOnlyList<LoadedAssembly> Assemblies => [];

    public UnloadOutcome Unload { get; init; } = UnloadOutcome.Unloaded;

    public bool IsStopped { get; private set; }

    /// <summary>True where it stays in memory once stopped.</summary>
    public bool Lingers { get; set; }

    public bool MayLinger => IsStopped && Lingers;

    /// <summary>What holds it, where somebody asks.</summary>
    public IReadOnlyList<string> Holders { get; init; } = [];

    /// <summary>How often somebody looked whether it is gone.</summary>
    public int Looks { get; private set; }

    public Task<UnloadResult> LookAsync()
    {
        Looks++;
        return Task.FromResult(Lingers ? new UnloadResult(UnloadOutcome.Pending, 0, []) : UnloadResult.Nothing);
    }

    public Task<IReadOnlyList<string>> NameHoldersAsync(CancellationToken cancellationToken) => Task.FromResult(Holders);

    /// <summary>How long its stop was to wait for calls.</summary>
    public TimeSpan? Drained { get; private set; }

    /// <summary>What its stop waits for; nothing by default.</summary>
    public Func<Task>? OnStop { get; init; }

    /// <summary>What its disposal waits for; nothing by default.</summary>
    public Func<Task>? OnDispose { get; init; }

    public bool IsDrained { get; private set; }

    /// <summary>Ends when its calls and leases have ended; ended by default.</summary>
    public TaskCompletionSource Drain { get; init; } = Ended();

    /// <summary>What its health check throws; null for none.</summary>
    public Exception? Illness { get; set; }

    public InstanceUsage Used { get; set; }

    public (string Limit, string What)? EndedOver { get; private set; }

    public bool IsDisposed { get; private set; }

    public void Die(FaultKind kind, int? exitCode = null) => _died.TrySetResult(new FaultRecord
    {
        Id = $"death-of-{generation}",
        ExitCode = exitCode,
        At = DateTimeOffset.UnixEpoch,
        PluginId = Any.PluginId,
        Kind = kind,
        Tier = PluginTier.Process,
        Generation = generation,
        Message = $"generation {generation} died of {kind}",
    });

    public object Target(ContractDescriptor contract) => throw new NotSupportedException("A fake has no contracts.");

    public async Task<int> DrainAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        await Drain.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        IsDrained = true;
        return Drain.Task.IsCompleted ? 0 : 1;
    }

    public Task CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken) => Illness is null ? Task.CompletedTask : Task.FromException(Illness);

    public InstanceUsage? Usage(bool withMemory) => withMemory ? Used : Used with { MemoryBytes = null };

    public void EndOverLimit(string limit, string what)
    {
        EndedOver = (limit, what);
        Die(FaultKind.LimitExceeded);
    }

    private static TaskCompletionSource Ended()
    {
        TaskCompletionSource ended = new();
        ended.SetResult();
        return ended;
    }

    public async Task<UnloadResult> StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        Drained = drain;
        IsStopped = true;
        await (OnStop?.Invoke() ?? Task.CompletedTask);
        return new UnloadResult(Unload, 0, []);
    }

    public async ValueTask DisposeAsync()
    {
        await (OnDispose?.Invoke() ?? Task.CompletedTask);
        IsDisposed = true;
    }
}

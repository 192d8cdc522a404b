using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>One generation of a plugin out of process: in one worker, in several, or in one for each call. One attempt of each call. Thread-safe.</summary>
internal abstract class RemoteInstance : IPluginInstance
{
    /// <inheritdoc/>
    public abstract int Generation { get; }

    /// <inheritdoc/>
    public abstract int? WorkerPid { get; }

    /// <inheritdoc/>
    public abstract Task<FaultRecord> Died { get; }

    /// <inheritdoc/>
    public IReadOnlyList<LoadedAssembly> Assemblies => [];

    /// <inheritdoc/>
    public abstract IReadOnlyList<WorkerStatus> Workers { get; }

    /// <summary>True where it takes no calls any more: one that lost its worker goes to the next generation. Else it may come here again.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Calls; the task must be awaited once. Reported to the observer unless it is lost; then somebody else goes on with it.</summary>
    /// <param name="call">The arguments.</param>
    /// <param name="timeout">The time it has.</param>
    /// <param name="losses">Takes the call where it is lost; null to throw <see cref="CallLostException"/>.</param>
    /// <param name="since">When the call began, for <paramref name="losses"/>.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public abstract ValueTask<TResult> CallAsync<TCall, TResult>(
        TCall call, TimeSpan timeout, LostCalls? losses, long since, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>;

    /// <summary>Calls and blocks. One attempt, reported to the observer unless it is lost.</summary>
    /// <exception cref="CallLostException">The worker or its connection was lost; the caller decides whether to try again.</exception>
    public abstract TResult Call<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>;

    /// <summary>The deadline of a method where its caller names none.</summary>
    public abstract TimeSpan TimeoutOf(ContractMethod method);

    /// <summary>Counts a lost call that is not tried again, and gives what its caller gets.</summary>
    public abstract Contracts.Faults.PluginException Lost(ContractMethod method, CallLostException lost);

    /// <inheritdoc/>
    public object Target(ContractDescriptor contract) => contract.CreateProxy(new SingleAttempts(this));

    /// <inheritdoc/>
    public abstract Task<int> DrainAsync(TimeSpan drain, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract InstanceUsage? Usage(bool withMemory);

    /// <inheritdoc/>
    public abstract void EndOverLimit(string limit, string what);

    /// <inheritdoc/>
    public abstract Task<UnloadResult> StopAsync(TimeSpan drain, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() =>
        await StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
}

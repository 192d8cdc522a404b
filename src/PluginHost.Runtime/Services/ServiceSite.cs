using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.Services;

/// <summary>
/// The engine's side of the guard over a service: says who calls, ends what takes too long, and gives the plugin errors without anything of the
/// callee's in them but texts. Thread-safe.
/// </summary>
internal sealed class ServiceSite(
    PluginCaller plugin, ServiceSource source, int firstSlot, TimeSpan callTimeout, ServiceLeases leases, ServiceSettings settings, CancellationToken revoked)
    : GuardSite
{
    /// <inheritdoc/>
    public override int FirstSlot { get; } = firstSlot;

    /// <inheritdoc/>
    public override bool FollowsEveryCall => true;

    /// <inheritdoc/>
    public override TimeProvider Clock => settings.Clock;

    /// <inheritdoc/>
    public override CancellationToken Revoked => revoked;

    /// <summary>What a call gets once the plugin is stopped.</summary>
    public static PluginUnavailableException Closed(PluginCaller plugin, ContractMethod method) => new(
        $"{method} cannot be called: plugin '{plugin.Id}' is stopped, and the host has taken its services back.",
        new PluginFault(plugin.Id, FaultKind.Unavailable)
        {
            Method = method.WireName,
            Remedy = "Stop calling once the context's stopping token is cancelled; the next generation gets its own services.",
        });

    /// <inheritdoc/>
    public override void Entering() =>
        PluginCaller.SetCurrent(PluginCaller.Current is { } before ? before.Then(plugin.Id, plugin.Trust) : plugin);

    /// <inheritdoc/>
    public override void Left() => PluginCaller.SetCurrent(PluginCaller.Current?.Before);

    /// <inheritdoc/>
    public override LeaseTable Results => leases.FromHost;

    /// <inheritdoc/>
    public override LeaseTable Arguments => leases.FromPlugin;

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) =>
        source.Provider is null ? method.Timeout ?? callTimeout : Timeout.InfiniteTimeSpan; // Another plugin's own guard bounds its calls.

    /// <inheritdoc/>
    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken)
    {
        if (declared is not null)
        {
            return declared;
        }

        if (thrown is OperationCanceledException && callerToken.IsCancellationRequested)
        {
            return new OperationCanceledException(callerToken);
        }

        if (thrown is PluginException known)
        {
            // Another plugin's fault, or a refusal further down the chain: counted where it happened.
            return FaultMessage.Of(known).ToException();
        }

        Log.Failed(settings.Logger, plugin.Id, method.WireName, source.ProviderText, thrown);
        ThrownException read = ThrownException.Read(thrown);
        return new PluginFaultException(
            $"{method}, called by plugin '{plugin.Id}', failed in {source.ProviderText}: {read.Type}: {read.Message}",
            new PluginFault(plugin.Id, read.Kind) { Method = method.WireName, RemoteType = read.Type, RemoteMessage = read.Message });
    }

    /// <inheritdoc/>
    public override Exception TimedOut(ContractMethod method, TimeSpan timeout)
    {
        Log.TooLate(settings.Logger, plugin.Id, method.WireName, source.ProviderText, timeout);
        return new PluginTimeoutException(
            $"{method}, called by plugin '{plugin.Id}', did not end within {timeout} in {source.ProviderText}; it was asked to stop.",
            new PluginFault(plugin.Id, FaultKind.Timeout) { Method = method.WireName, IsRetryable = method.IsIdempotent });
    }

    /// <inheritdoc/>
    public override Exception Cut(ContractMethod method) => Closed(plugin, method);

    /// <inheritdoc/>
    public override Exception ArgumentEnded(ContractDescriptor contract) => LeaseFailures.ArgumentEnded(plugin.Id, contract);

    /// <inheritdoc/>
    public override void Sample(ContractMethod method, long elapsed)
    {
    }

    /// <inheritdoc/>
    public override void AmbientStateLeaked(ContractMethod method)
    {
    }

    /// <inheritdoc/>
    public override object Route(ContractMethod method) => throw Closed(plugin, method);

    /// <inheritdoc/>
    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => throw Closed(plugin, method);
}

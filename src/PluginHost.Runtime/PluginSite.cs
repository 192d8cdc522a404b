using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Services;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>The engine's side of a guard over something of a plugin, itself or an object it handed out: what happens to a call off the fast path.</summary>
internal abstract class PluginSite : GuardSite
{
    private readonly PluginSupervisor _supervisor;

    protected PluginSite(PluginSupervisor supervisor, int firstSlot)
    {
        _supervisor = supervisor;
        FirstSlot = firstSlot;
    }

    /// <inheritdoc/>
    public override int FirstSlot { get; }

    /// <inheritdoc/>
    public override TimeProvider Clock => _supervisor.Clock;

    /// <inheritdoc/>
    public override CancellationToken Revoked => Leases.Revoked;

    /// <inheritdoc/>
    public override LeaseTable Results => Leases.FromPlugin;

    /// <inheritdoc/>
    public override LeaseTable Arguments => Leases.FromHost;

    /// <summary>The generation that calls through this site go to, or went to last.</summary>
    public abstract GenerationLeases Leases { get; }

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => _supervisor.TimeoutOf(method);

    /// <inheritdoc/>
    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken) =>
        Caught(method, thrown, declared, isCall: true, callerToken);

    /// <inheritdoc/>
    public override Exception CaughtInStep(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken) =>
        Caught(method, thrown, declared, isCall: false, callerToken);

    /// <inheritdoc/>
    public override Exception TimedOut(ContractMethod method, TimeSpan timeout)
    {
        _supervisor.Observer.Ended(method, CallStatus.Timeout);
        return StepTimedOut(method, timeout);
    }

    /// <inheritdoc/>
    public override Exception StepTimedOut(ContractMethod method, TimeSpan timeout)
    {
        FaultRecord record = Describe(method, FaultKind.Timeout, $"{method.WireName} did not end within {timeout:c}.");
        record = record with { Id = _supervisor.Observer.Fault(record) };
        return new PluginTimeoutException($"{record.PluginId}: {record.Message} It was asked to stop.", FaultOf(record) with { IsRetryable = true });
    }

    /// <inheritdoc/>
    public override Exception Cut(ContractMethod method)
    {
        _supervisor.Observer.Cut(method);
        return SequenceCut(method);
    }

    /// <inheritdoc/>
    public override Exception SequenceCut(ContractMethod method)
    {
        FaultRecord record = Describe(method, FaultKind.Unavailable, $"{method.WireName} was ended: {(_supervisor.View.Generation == Leases.Generation ? "the plugin is being stopped" : "its generation of the plugin has ended, and another runs")}.");
        return new PluginUnavailableException($"{record.PluginId}: {record.Message}", FaultOf(record) with { IsRetryable = true });
    }

    /// <inheritdoc/>
    public override Exception ArgumentEnded(ContractDescriptor contract) => LeaseFailures.ArgumentEnded(_supervisor.Plugin.Id, contract);

    /// <inheritdoc/>
    public override void Sample(ContractMethod method, long elapsed) => _supervisor.Sample(method, elapsed);

    /// <inheritdoc/>
    public override void AmbientStateLeaked(ContractMethod method) => _supervisor.AmbientStateLeaked(method);

    /// <summary>What the caller gets; a step of a sequence is recorded, and counted with the call that gave the sequence.</summary>
    private Exception Caught(ContractMethod method, Exception thrown, Exception? declared, bool isCall, CancellationToken callerToken)
    {
        if (declared is not null)
        {
            Ended(method, CallStatus.Error, isCall);
            return declared;
        }

        if (thrown is OperationCanceledException && callerToken.IsCancellationRequested)
        {
            Ended(method, CallStatus.Cancelled, isCall);
            return new OperationCanceledException(callerToken);
        }

        if (thrown is OperationCanceledException && Leases.IsStopping)
        {
            // The plugin honoured its stopping token: the host asked for that.
            return isCall ? Cut(method) : SequenceCut(method);
        }

        FaultRecord record = _supervisor.Describe(method, ThrownException.Read(thrown)) with { Generation = Leases.Generation };
        Ended(method, CallStatus.Fault, isCall);
        record = record with { Id = _supervisor.Observer.Fault(record) };
        return new PluginFaultException(
            $"{record.PluginId}: {method.WireName} failed in-process: {record.Message}",
            FaultOf(record) with { RemoteMessage = record.Message, IsRetryable = false });
    }

    private FaultRecord Describe(ContractMethod method, FaultKind kind, string message) =>
        _supervisor.Describe(method, kind, message) with { Generation = Leases.Generation };

    private void Ended(ContractMethod method, CallStatus status, bool isCall)
    {
        if (isCall)
        {
            _supervisor.Observer.Ended(method, status);
        }
    }

    private static PluginFault FaultOf(FaultRecord record) => new(record.PluginId, record.Kind)
    {
        Tier = record.Tier,
        Generation = record.Generation,
        Method = record.Method,
        FaultId = record.Id,
        RemoteType = record.RemoteType,
        RemoteStack = record.RemoteStack,
    };
}

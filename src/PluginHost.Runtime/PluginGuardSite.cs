using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>The engine's side of one plugin's guard for one contract: what happens to a call off the fast path.</summary>
internal sealed class PluginGuardSite : GuardSite
{
    private readonly PluginSupervisor _supervisor;
    private object? _proxy;
    private object? _caller;

    public PluginGuardSite(PluginSupervisor supervisor, ContractDescriptor contract, int firstSlot)
    {
        _supervisor = supervisor;
        Contract = contract;
        FirstSlot = firstSlot;
    }

    /// <summary>The contract.</summary>
    public ContractDescriptor Contract { get; }

    /// <summary>The guard; set once, right after it was created over this site.</summary>
    public Guard? Guard { get; set; }

    /// <summary>What the application holds: the guard, or with the round-trip option a proxy that sends everything through the codec to the guard.</summary>
    public object Caller => _caller ??= _supervisor.RoundTrip ? Contract.CreateProxy(new RoundTripInvoker(Contract.CreateDispatcher(Guard!))) : Guard!;

    /// <inheritdoc/>
    public override int FirstSlot { get; }

    /// <inheritdoc/>
    public override TimeProvider Clock => _supervisor.Clock;

    /// <inheritdoc/>
    public override CancellationToken Revoked => _supervisor.Revoked;

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => _supervisor.TimeoutOf(method);

    /// <inheritdoc/>
    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken)
    {
        if (declared is not null)
        {
            _supervisor.Observer.Ended(method, CallStatus.Error);
            return declared;
        }

        if (thrown is OperationCanceledException && callerToken.IsCancellationRequested)
        {
            _supervisor.Observer.Ended(method, CallStatus.Cancelled);
            return new OperationCanceledException(callerToken);
        }

        if (thrown is OperationCanceledException && _supervisor.View.State == PluginState.Stopping)
        {
            // The plugin honoured its stopping token: the host asked for that.
            return Cut(method);
        }

        FaultRecord record = _supervisor.Describe(method, ThrownException.Read(thrown));
        _supervisor.Observer.Ended(method, CallStatus.Fault);
        _supervisor.Observer.Fault(record);
        return new PluginFaultException(
            $"{record.PluginId}: {method.WireName} failed in-process: {record.Message}",
            FaultOf(record) with { RemoteMessage = record.Message, IsRetryable = false });
    }

    /// <inheritdoc/>
    public override Exception TimedOut(ContractMethod method, TimeSpan timeout)
    {
        FaultRecord record = _supervisor.Describe(method, FaultKind.Timeout, $"{method.WireName} did not end within {timeout:c}.");
        _supervisor.Observer.Ended(method, CallStatus.Timeout);
        _supervisor.Observer.Fault(record);
        return new PluginTimeoutException($"{record.PluginId}: {record.Message} It was asked to stop.", FaultOf(record) with { IsRetryable = true });
    }

    /// <inheritdoc/>
    public override Exception Cut(ContractMethod method)
    {
        FaultRecord record = _supervisor.Describe(method, FaultKind.Unavailable, $"{method.WireName} was ended: the plugin is being stopped.");
        _supervisor.Observer.Cut(method);
        return new PluginUnavailableException($"{record.PluginId}: {record.Message}", FaultOf(record) with { IsRetryable = true });
    }

    /// <inheritdoc/>
    public override void Sample(ContractMethod method, long elapsed) => _supervisor.Sample(method, elapsed);

    /// <inheritdoc/>
    public override void AmbientStateLeaked(ContractMethod method) => _supervisor.AmbientStateLeaked(method);

    /// <inheritdoc/>
    public override object Route(ContractMethod method)
    {
        if (_supervisor.IsOutOfProcess)
        {
            return Proxy();
        }

        _supervisor.WaitReady(method, Clock.GetTimestamp(), TimeoutOf(method), CancellationToken.None);
        return _supervisor.IsOutOfProcess ? Proxy() : Guard!;
    }

    /// <inheritdoc/>
    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) =>
        _supervisor.IsOutOfProcess ? new ValueTask<object>(Proxy()) : RouteWhenReadyAsync(method, cancellationToken);

    private async ValueTask<object> RouteWhenReadyAsync(ContractMethod method, CancellationToken cancellationToken)
    {
        await _supervisor.WaitReadyAsync(method, cancellationToken).ConfigureAwait(false);
        return _supervisor.IsOutOfProcess ? Proxy() : Guard!;
    }

    // The proxy carries calls to whichever generation is current, so one serves for the runtime's life.
    private object Proxy() => _proxy ??= Contract.CreateProxy(_supervisor.Invoker);

    private static PluginFault FaultOf(FaultRecord record) => new(record.PluginId, record.Kind)
    {
        Tier = record.Tier,
        Generation = record.Generation,
        Method = record.Method,
        RemoteType = record.RemoteType,
        RemoteStack = record.RemoteStack,
    };
}

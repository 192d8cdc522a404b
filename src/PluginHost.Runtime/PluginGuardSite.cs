using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime;

/// <summary>The engine's side of one plugin's guard for one contract: what happens to a call off the fast path.</summary>
internal sealed class PluginGuardSite : PluginSite
{
    private readonly PluginSupervisor _supervisor;
    private readonly GuardSet _set;
    private readonly int _index;
    private object? _proxy;
    private object? _caller;

    public PluginGuardSite(PluginSupervisor supervisor, GuardSet set, ContractDescriptor contract, int index, int firstSlot)
        : base(supervisor, firstSlot)
    {
        _supervisor = supervisor;
        _set = set;
        _index = index;
        Contract = contract;
        Guard = contract.CreateGuard(this);
    }

    /// <summary>The contract.</summary>
    public ContractDescriptor Contract { get; }

    /// <summary>The guard.</summary>
    public Guard Guard { get; }

    /// <summary>What the application holds: the guard, or with the round-trip option a proxy that sends everything through the codec to the guard.</summary>
    public object Caller => _caller ??= _supervisor.RoundTrip ? RoundTripLeases.Proxy(Contract, Guard) : Guard;

    /// <inheritdoc/>
    public override GenerationLeases Leases => _set.Leases;

    /// <inheritdoc/>
    public override object Route(ContractMethod method)
    {
        if (_supervisor.IsOutOfProcess)
        {
            return Proxy();
        }

        _supervisor.WaitReady(method, Clock.GetTimestamp(), TimeoutOf(method), CancellationToken.None);
        return _supervisor.IsOutOfProcess ? Proxy() : _supervisor.CurrentGuard(_index);
    }

    /// <inheritdoc/>
    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) =>
        _supervisor.IsOutOfProcess ? new ValueTask<object>(Proxy()) : RouteWhenReadyAsync(method, cancellationToken);

    private async ValueTask<object> RouteWhenReadyAsync(ContractMethod method, CancellationToken cancellationToken)
    {
        await _supervisor.WaitReadyAsync(method, cancellationToken).ConfigureAwait(false);
        return _supervisor.IsOutOfProcess ? Proxy() : _supervisor.CurrentGuard(_index);
    }

    // The proxy carries calls to whichever generation is current, so one serves for the runtime's life.
    private object Proxy() => _proxy ??= Contract.CreateProxy(_supervisor.Invoker);
}

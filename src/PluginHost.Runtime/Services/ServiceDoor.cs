using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.Services;

/// <summary>
/// What a plugin holds of a service, from the engine's side: a guard that never has a target of its own, so that every call comes by here and goes
/// on to the service's own guard, as long as the door is open and the chain of callers is not too long. Thread-safe.
/// </summary>
internal sealed class ServiceDoor : GuardSite
{
    private readonly PluginCaller _plugin;
    private readonly ServiceSettings _settings;
    private readonly ServiceLeases _leases;
    private Guard? _service;

    /// <exception cref="InvalidCastException">The object does not implement the contract.</exception>
    public ServiceDoor(
        PluginCaller plugin, ServiceSource source, object service, TimeSpan callTimeout, ServiceLeases leases, ServiceSettings settings, CancellationToken revoked)
    {
        ArgumentNullException.ThrowIfNull(service);
        _plugin = plugin;
        _settings = settings;
        _leases = leases;
        Contract = source.Contract;
        Revoked = revoked;
        FirstSlot = settings.SlotsOf(Contract);
        Guard = Contract.CreateGuard(this);
        _service = Contract.CreateGuard(new ServiceSite(plugin, source, FirstSlot, callTimeout, leases, settings, revoked));
        _service.Target = service;
    }

    /// <summary>The contract.</summary>
    public ContractDescriptor Contract { get; }

    /// <summary>What the plugin holds, or its dispatcher calls.</summary>
    public Guard Guard { get; }

    /// <inheritdoc/>
    public override int FirstSlot { get; }

    /// <inheritdoc/>
    public override TimeProvider Clock => _settings.Clock;

    /// <inheritdoc/>
    public override CancellationToken Revoked { get; }

    /// <summary>Cuts the plugin from the service; calls that are inside go on.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _service, null) is { } service)
        {
            service.Target = null;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="PluginUnavailableException">The plugin is stopped.</exception>
    /// <exception cref="PluginRefusedException">The chain of callers is too long.</exception>
    public override object Route(ContractMethod method)
    {
        Guard service = Volatile.Read(ref _service) ?? throw ServiceSite.Closed(_plugin, method);
        PluginCaller? before = PluginCaller.Current;
        if (before is not null && before.Chain.Count >= _settings.MaxDepth)
        {
            Log.TooDeep(_settings.Logger, _plugin.Id, method.WireName, before.ToString(), _settings.MaxDepth);
            throw new PluginRefusedException(
                $"{method} was not called: {before} -> {_plugin.Id} are {before.Chain.Count + 1} plugins calling one through the other, and the limit is {_settings.MaxDepth}. "
                + "End the recursion, or raise PluginRuntimeOptions.MaxServiceDepth.",
                new PluginFault(_plugin.Id, FaultKind.LimitExceeded) { Method = method.WireName });
        }

        return service;
    }

    /// <inheritdoc/>
    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => new(Route(method));

    /// <inheritdoc/>
    public override LeaseTable Results => _leases.FromHost;

    /// <inheritdoc/>
    public override LeaseTable Arguments => _leases.FromPlugin;

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => Timeout.InfiniteTimeSpan;

    /// <inheritdoc/>
    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken) => Unused(method);

    /// <inheritdoc/>
    public override Exception TimedOut(ContractMethod method, TimeSpan timeout) => Unused(method);

    /// <inheritdoc/>
    public override Exception Cut(ContractMethod method) => ServiceSite.Closed(_plugin, method);

    /// <inheritdoc/>
    public override void Sample(ContractMethod method, long elapsed)
    {
    }

    /// <inheritdoc/>
    public override void AmbientStateLeaked(ContractMethod method)
    {
    }

    private static InvalidOperationException Unused(ContractMethod method) => new($"{method.WireName} went in by a door that only leads on.");
}

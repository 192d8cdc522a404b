using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Services;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>What one in-process generation and the application have handed to each other, and what else belongs to that generation alone. Thread-safe.</summary>
internal sealed class GenerationLeases
{
    private readonly Action _revoke;
    private volatile bool _isStopping;

    /// <param name="supervisor">The plugin's supervisor.</param>
    /// <param name="slots">Where calls of handed-over objects are counted; no other generation's while this one has any.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="plugin">The plugin as it is in this generation.</param>
    public GenerationLeases(PluginSupervisor supervisor, ObjectSlots slots, int generation, SupervisedPlugin plugin)
    {
        CancellationTokenSource revoked = new();
        Revoked = revoked.Token;
        _revoke = revoked.Cancel;
        Generation = generation;
        Slots = slots;
        FromPlugin = new PluginLeases(this, supervisor, slots);
        FromHost = new HostLeases(this, supervisor, slots);
        FromServices = new HostLeases(this, supervisor, slots) { Caller = new PluginCaller(plugin.Id, plugin.Placement.Granted) };
    }

    /// <summary>The generation.</summary>
    public int Generation { get; }

    /// <summary>Where calls of handed-over objects are counted.</summary>
    public ObjectSlots Slots { get; }

    /// <summary>Cancelled when suspended in-process calls must let go of this generation.</summary>
    public CancellationToken Revoked { get; }

    /// <summary>True from when its plugin is asked to stop: a call that it then gives up was given up for the host.</summary>
    public bool IsStopping
    {
        get => _isStopping;
        set => _isStopping = value;
    }

    /// <summary>Makes suspended in-process calls let go.</summary>
    public void Revoke() => _revoke();

    /// <summary>The plugin's sequences and objects that the application holds.</summary>
    public PluginLeases FromPlugin { get; }

    /// <summary>The application's objects that the plugin holds.</summary>
    public HostLeases FromHost { get; }

    /// <summary>What the plugin holds of host services: whoever is called there sees the plugin as the caller.</summary>
    public HostLeases FromServices { get; }
}

/// <summary>The plugin's sequences and objects that the application holds.</summary>
internal sealed class PluginLeases(GenerationLeases both, PluginSupervisor supervisor, ObjectSlots slots) : LeaseTable(disposesObjects: true)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ContractDescriptor, PluginObjectSite> _sites = [];

    /// <inheritdoc/>
    public override int CallsInside
    {
        get
        {
            lock (_lock)
            {
                return (int)_sites.Sum(site => Enumerable.Range(0, site.Key.Methods.Count).Sum(m => ThreadBlocks.Sum(site.Value.FirstSlot + m).InFlight));
            }
        }
    }

    /// <inheritdoc/>
    public override GuardSite SiteOf(ContractDescriptor contract)
    {
        lock (_lock)
        {
            if (!_sites.TryGetValue(contract, out PluginObjectSite? site))
            {
                _sites.Add(contract, site = new PluginObjectSite(supervisor, contract, slots.OfPlugin(contract, both.Generation), both));
            }

            return site;
        }
    }

    /// <inheritdoc/>
    public override void ReleaseFaulted(ContractDescriptor contract, Exception thrown) => supervisor.ReleaseFaulted(both.Generation, contract, ThrownException.Read(thrown));
}

/// <summary>The application's objects that the plugin holds.</summary>
internal sealed class HostLeases : LeaseTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ContractDescriptor, HostObjectSite> _sites = [];
    private readonly GenerationLeases _both;
    private readonly PluginSupervisor _supervisor;
    private readonly ObjectSlots _slots;
    private readonly Func<Task> _revoke;

    public HostLeases(GenerationLeases both, PluginSupervisor supervisor, ObjectSlots slots)
        : base(disposesObjects: false)
    {
        _both = both;
        _supervisor = supervisor;
        _slots = slots;
        CancellationTokenSource revoked = new();
        Revoked = revoked.Token;
        _revoke = revoked.CancelAsync;
    }

    /// <inheritdoc/>
    public override int CallsInside => 0;

    /// <summary>Whom the objects see as their caller; null for the application's own objects, which the plugin was lent by a call.</summary>
    public PluginCaller? Caller { get; init; }

    /// <summary>Cancelled when the plugin's calls into the application must let go of it.</summary>
    public CancellationToken Revoked { get; }

    /// <inheritdoc/>
    public override GuardSite SiteOf(ContractDescriptor contract)
    {
        lock (_lock)
        {
            if (!_sites.TryGetValue(contract, out HostObjectSite? site))
            {
                _sites.Add(contract, site = new HostObjectSite(_supervisor.Plugin.Id, contract, _slots.OfHost(contract, _both.Generation), _supervisor.Clock, this, _both.FromPlugin));
            }

            return site;
        }
    }

    /// <inheritdoc/>
    public override async Task EndAsync()
    {
        await _revoke().ConfigureAwait(false);
        await base.EndAsync().ConfigureAwait(false);
        if (ReferenceEquals(this, _both.FromHost))
        {
            // Whoever stops the plugin knows one table for what it was handed.
            await _both.FromServices.EndAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override void ReleaseFaulted(ContractDescriptor contract, Exception thrown) => _supervisor.OwnObjectFaulted(contract, thrown);
}

/// <summary>The engine's side of the guards over a plugin's objects of one contract: counted and recorded as the plugin's own methods are.</summary>
internal sealed class PluginObjectSite(PluginSupervisor supervisor, ContractDescriptor contract, int firstSlot, GenerationLeases leases)
    : PluginSite(supervisor, firstSlot)
{
    private readonly PluginSupervisor _supervisor = supervisor;

    /// <inheritdoc/>
    public override GenerationLeases Leases => leases;

    /// <inheritdoc/>
    public override object Route(ContractMethod method) => throw Gone(method);

    /// <inheritdoc/>
    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => ValueTask.FromException<object>(Gone(method));

    private PluginUnavailableException Gone(ContractMethod method)
    {
        _supervisor.Observer.Ended(method, CallStatus.Unavailable);
        return LeaseFailures.PluginGone(_supervisor.Plugin.Id, contract, method);
    }
}

/// <summary>The engine's side of the guards over the application's objects of one contract that a plugin holds. Nothing is recorded: it is no plugin's code.</summary>
internal sealed class HostObjectSite(string pluginId, ContractDescriptor contract, int firstSlot, TimeProvider clock, HostLeases own, PluginLeases plugins) : GuardSite
{
    /// <inheritdoc/>
    public override int FirstSlot => firstSlot;

    /// <inheritdoc/>
    public override bool FollowsEveryCall => own.Caller is not null;

    /// <inheritdoc/>
    public override TimeProvider Clock => clock;

    /// <inheritdoc/>
    public override CancellationToken Revoked => own.Revoked;

    /// <inheritdoc/>
    public override LeaseTable Results => own;

    /// <inheritdoc/>
    public override LeaseTable Arguments => plugins;

    /// <inheritdoc/>
    public override void Entering()
    {
        if (own.Caller is { } caller)
        {
            PluginCaller.SetCurrent(PluginCaller.Current is { } before ? before.Then(caller.Id, caller.Trust) : caller);
        }
    }

    /// <inheritdoc/>
    public override void Left()
    {
        if (own.Caller is not null)
        {
            PluginCaller.SetCurrent(PluginCaller.Current?.Before);
        }
    }

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => Timeout.InfiniteTimeSpan;

    /// <inheritdoc/>
    public override Exception Caught(ContractMethod method, Exception thrown, Exception? declared, CancellationToken callerToken) => declared ?? thrown;

    /// <inheritdoc/>
    public override Exception TimedOut(ContractMethod method, TimeSpan timeout) => new TimeoutException($"{method.WireName} did not end within {timeout:c}.");

    /// <inheritdoc/>
    public override Exception Cut(ContractMethod method) => Gone(method);

    /// <inheritdoc/>
    public override Exception ArgumentEnded(ContractDescriptor ended) => LeaseFailures.ArgumentEnded(pluginId, ended);

    /// <inheritdoc/>
    public override void Sample(ContractMethod method, long elapsed)
    {
        // No plugin's time.
    }

    /// <inheritdoc/>
    public override void AmbientStateLeaked(ContractMethod method)
    {
        // The application's own, on the plugin's thread: restored, and nobody's fault.
    }

    /// <inheritdoc/>
    public override object Route(ContractMethod method) => throw Gone(method);

    /// <inheritdoc/>
    public override ValueTask<object> RouteAsync(ContractMethod method, CancellationToken cancellationToken) => ValueTask.FromException<object>(Gone(method));

    private PluginUnavailableException Gone(ContractMethod method) => LeaseFailures.HostObjectGone(pluginId, contract, method);
}

using System.Diagnostics.CodeAnalysis;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.Services;

/// <summary>
/// The host services of one generation of a plugin. What it gives out is a guard that can be cut from the service: after <see cref="Revoke"/>
/// nothing that the plugin kept reaches the application. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing; a late call may still look at its token.")]
internal sealed class GrantedServices
{
    private readonly CancellationTokenSource _revoked = new();
    private readonly List<ServiceDoor> _doors = [];
    private readonly ServiceGrant[] _grants;

    private GrantedServices()
    {
        Plugin = new PluginCaller("none", TrustLevel.Untrusted);
        _grants = [];
    }

    /// <summary>No services, for who needs none.</summary>
    public static GrantedServices None { get; } = new();

    /// <summary>Asks the providers for their objects: runs code of the application. What it throws is what the plugin is told.</summary>
    public GrantedServices(PluginCaller plugin, IEnumerable<ServiceGrant> grants, TimeSpan callTimeout, ServiceLeases leases, ServiceSettings settings)
    {
        Plugin = plugin;
        _grants = [.. grants.Select(grant => grant.Source is { } source ? Open(grant, source, callTimeout, leases, settings) : grant)];
    }

    /// <summary>The plugin, with its effective trust.</summary>
    public PluginCaller Plugin { get; }

    /// <summary>What the manifest asks for, served or refused, in its order.</summary>
    public IReadOnlyList<ServiceGrant> Grants => _grants;

    /// <summary>What the plugin may call.</summary>
    public IReadOnlyList<ServiceDoor> Doors => _doors;

    /// <summary>The object that the plugin holds of a service: the same at every call.</summary>
    /// <exception cref="PluginException">The plugin does not get it; the message says why and what to do.</exception>
    public object Get(Type contract)
    {
        if (_doors.Find(door => door.Contract.InterfaceType == contract) is { } door)
        {
            return door.Guard;
        }

        string name = contract.FullName ?? contract.Name;
        FaultMessage refusal = Array.Find(_grants, grant => grant.Contract?.InterfaceType == contract || grant.Reference.Name == name)?.Refusal
            ?? ServiceResolution.NotAsked(Plugin, name);
        throw refusal.ToException();
    }

    /// <summary>Takes every service back; calls that are suspended in one end as unavailable. Idempotent.</summary>
    public void Revoke()
    {
        foreach (ServiceDoor door in _doors)
        {
            door.Close();
        }

        _revoked.Cancel();
    }

    private ServiceGrant Open(ServiceGrant grant, ServiceSource source, TimeSpan callTimeout, ServiceLeases leases, ServiceSettings settings)
    {
        try
        {
            _doors.Add(new ServiceDoor(Plugin, source, source.Create(Plugin), callTimeout, leases, settings, _revoked.Token));
            return grant;
        }
        catch (Exception thrown)
        {
            // The application's factory, or an object that is not what it promised: this plugin goes without, and says so when it asks.
            Log.NotProvided(settings.Logger, Plugin.Id, grant.Reference.ToString(), source.ProviderText, thrown);
            string remedy = "Look at the host's log, mend the provider and restart the plugin.";
            return grant with
            {
                Source = null,
                Refusal = new FaultMessage(
                    FaultType.Unavailable,
                    $"Plugin '{Plugin.Id}' cannot use {grant.Reference}: {source.ProviderText} failed to provide it ({thrown.GetType().Name}: {thrown.Message}). {remedy}",
                    new PluginFault(Plugin.Id, FaultKind.Unavailable) { Remedy = remedy }),
            };
        }
    }
}

using System.Collections.Concurrent;
using System.Reflection;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>The host services that the plugin was offered, as proxies. Nothing is looked for before the plugin asks. Thread-safe.</summary>
internal sealed class HostServices(LoadRequest request, SharedAssemblies shared, RpcConnection connection)
{
    private readonly ConcurrentDictionary<Type, object> _proxies = new();
    private readonly HostInvoker _invoker = new(request.PluginId, connection, TimeSpan.FromMilliseconds(request.CallTimeoutMilliseconds));

    /// <summary>The proxy of a service.</summary>
    /// <exception cref="PluginException">The plugin does not get it; the message says why and what to do.</exception>
    public object Get(Type contract) => _proxies.GetOrAdd(contract, static (type, services) => services.Create(type), this);

    private object Create(Type contract)
    {
        string name = contract.FullName ?? contract.Name;
        ContractDescriptor? descriptor = null;
        ServiceOffer? offer = request.Services.FirstOrDefault(o => o.Name == name)
            ?? request.Services.FirstOrDefault(o => (descriptor = Find(o)) is { } found && found.InterfaceType == contract);
        if (offer?.Refusal is { } refusal)
        {
            throw refusal.ToException();
        }

        if (offer is null)
        {
            string remedy = $"Add \"{name}@1\" (with its major version) to \"uses\" in its plugin.json.";
            throw new PluginRefusedException(
                $"Plugin '{request.PluginId}' cannot use {name}: its manifest does not ask for it. {remedy}",
                new PluginFault(request.PluginId, FaultKind.Refused) { Remedy = remedy });
        }

        descriptor ??= Find(offer);
        if (descriptor is null || descriptor.InterfaceType != contract)
        {
            throw new ContractMismatchException(
                $"Plugin '{request.PluginId}' cannot use {name}: the type it asks with is not the host's contract. Build it against the host's contract assembly and do not ship a copy.",
                new PluginFault(request.PluginId, FaultKind.ContractMismatch));
        }

        return descriptor.CreateProxy(_invoker);
    }

    private ContractDescriptor? Find(ServiceOffer offer)
    {
        Assembly? assembly = offer.Assembly is { } name && shared.Contains(name) ? shared.Load(name) : null;
        return assembly is null ? null : ContractDescriptor.FindAll(assembly).FirstOrDefault(d => d.Name == offer.Name && d.Major == offer.Major);
    }
}

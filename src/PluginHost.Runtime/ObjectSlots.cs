using PluginHost.Contracts.Invocation;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The slots that calls of handed-over objects are counted in: reserved at a contract's first object, kept over generations as the plugin's own
/// are. Thread-safe.
/// </summary>
internal sealed class ObjectSlots(string pluginId, FlightRecorder? flight, PluginObserver observer)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ContractDescriptor, int> _plugins = [];
    private readonly Dictionary<ContractDescriptor, int> _hosts = [];
    private int _generation;

    /// <summary>The first slot for a contract's objects of the plugin, named for a generation: it is the only one that is counted there now.</summary>
    public int OfPlugin(ContractDescriptor contract, int generation)
    {
        lock (_lock)
        {
            int slot = Of_NeedsLock(_plugins, contract, generation, out bool isNew);
            if (isNew)
            {
                observer.AttachObjects(contract, slot);
            }

            _generation = generation;
            return slot;
        }
    }

    /// <summary>The methods of the plugin's objects, where each is counted, and in which generation.</summary>
    public IReadOnlyList<(ContractMethod Method, int Slot, int Generation)> OfPlugin()
    {
        lock (_lock)
        {
            return _plugins.Count == 0 ? [] : [.. _plugins.SelectMany(p => p.Key.Methods.Select(m => (m, p.Value + m.Index, _generation)))];
        }
    }

    /// <summary>The first slot for a contract's objects of the application, named for the generation that holds them.</summary>
    public int OfHost(ContractDescriptor contract, int generation)
    {
        lock (_lock)
        {
            return Of_NeedsLock(_hosts, contract, generation, out _);
        }
    }

    /// <summary>Gives all slots back; no call may be in them.</summary>
    public void Release()
    {
        lock (_lock)
        {
            foreach ((ContractDescriptor contract, int slot) in _plugins)
            {
                observer.DetachObjects(contract, slot);
            }

            foreach ((ContractDescriptor contract, int slot) in _plugins.Concat(_hosts))
            {
                flight?.Unname(slot, Count(contract));
                ThreadBlocks.Release(slot, Count(contract));
            }

            _plugins.Clear();
            _hosts.Clear();
        }
    }

    private static int Count(ContractDescriptor contract) => Math.Max(1, contract.Methods.Count);

    private int Of_NeedsLock(Dictionary<ContractDescriptor, int> slots, ContractDescriptor contract, int generation, out bool isNew)
    {
        isNew = !slots.TryGetValue(contract, out int first);
        if (isNew)
        {
            slots.Add(contract, first = ThreadBlocks.Reserve(Count(contract)));
        }

        foreach (ContractMethod method in contract.Methods)
        {
            flight?.Name(first + method.Index, pluginId, method.WireName, generation);
        }

        return first;
    }
}

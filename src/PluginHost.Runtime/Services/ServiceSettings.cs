using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.Services;

/// <summary>What one generation of a plugin and the application hand to each other.</summary>
/// <param name="FromHost">What the plugin holds of the application's.</param>
/// <param name="FromPlugin">What the application holds of the plugin's.</param>
internal sealed record ServiceLeases(LeaseTable FromHost, LeaseTable FromPlugin);

/// <summary>What all host services of a runtime share. Thread-safe; dispose it when no plugin runs any more.</summary>
internal sealed class ServiceSettings(TimeProvider clock, ILogger logger, int maxDepth) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ContractDescriptor, int> _slots = [];

    /// <summary>The clock.</summary>
    public TimeProvider Clock => clock;

    /// <summary>Where failures of services go.</summary>
    public ILogger Logger => logger;

    /// <summary>How many plugins a chain of calls may hold.</summary>
    public int MaxDepth => maxDepth;

    /// <summary>The slots of a contract's service guards. All plugins share them: nobody drains a service.</summary>
    public int SlotsOf(ContractDescriptor contract)
    {
        lock (_lock)
        {
            if (!_slots.TryGetValue(contract, out int first))
            {
                first = ThreadBlocks.Reserve(contract.Methods.Count);
                _slots.Add(contract, first);
            }

            return first;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach ((ContractDescriptor contract, int first) in _slots)
            {
                ThreadBlocks.Release(first, contract.Methods.Count);
            }

            _slots.Clear();
        }
    }
}

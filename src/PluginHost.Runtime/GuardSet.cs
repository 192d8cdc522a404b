using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// A plugin's guards, one a contract, with counters of their own: the application's, or others that lead to a newer generation while calls of an
/// older one are still counted in the application's. A set is of one generation at a time: its calls, leases and cuts are that one's. Changed by
/// the supervisor's loop only; read by any thread.
/// </summary>
internal sealed class GuardSet
{
    private GenerationLeases _leases;
    private long _takenBefore;

    public GuardSet(PluginSupervisor supervisor, IReadOnlyList<ContractDescriptor> contracts, GenerationLeases leases)
    {
        _leases = leases;

        // All or none: where the process has no more room, nothing is held.
        int slot = contracts.Count == 0 ? 0 : ThreadBlocks.Reserve(contracts.Sum(SlotsOf));
        List<PluginGuardSite> sites = [];
        foreach (ContractDescriptor contract in contracts)
        {
            sites.Add(new PluginGuardSite(supervisor, this, contract, sites.Count, slot));
            slot += SlotsOf(contract);
        }

        Sites = sites;
        Guards = [.. Sites.Select(s => s.Guard)];
    }

    /// <summary>The engine's side of the guards.</summary>
    public IReadOnlyList<PluginGuardSite> Sites { get; }

    /// <summary>The guards, in the contracts' order.</summary>
    public IReadOnlyList<Guard> Guards { get; }

    /// <summary>The generation that it is of, or was last.</summary>
    public GenerationLeases Leases => Volatile.Read(ref _leases);

    /// <summary>Calls inside now. Exact while no new one can go in.</summary>
    public long InFlight => Totals().Sum(t => t.InFlight);

    /// <summary>Calls that have gone in for the generation that it is of.</summary>
    public long Taken => Totals().Sum(t => t.Entered) - Volatile.Read(ref _takenBefore);

    /// <summary>Makes it another generation's. No call of the one before may be inside.</summary>
    public void Bind(GenerationLeases leases)
    {
        Volatile.Write(ref _takenBefore, Totals().Sum(t => t.Entered));
        Volatile.Write(ref _leases, leases);
    }

    /// <summary>Lets its calls in to an instance.</summary>
    public void Open(IPluginInstance instance, PluginObserver observer, FlightRecorder? flight, string pluginId)
    {
        foreach (PluginGuardSite site in Sites)
        {
            observer.Attach(site);
            foreach (ContractMethod method in site.Contract.Methods)
            {
                flight?.Name(site.FirstSlot + method.Index, pluginId, method.WireName, Leases.Generation);
            }

            site.Guard.Target = instance.Target(site.Contract);
        }
    }

    /// <summary>Gives the counters back, but for those of contracts that a call is inside of: it never came out, and counts on.</summary>
    public void Release(PluginObserver observer, FlightRecorder? flight)
    {
        foreach (PluginGuardSite site in Sites)
        {
            observer.Detach(site);
            if (Totals(site.Guard).Any(static t => t.InFlight != 0))
            {
                continue;
            }

            flight?.Unname(site.FirstSlot, SlotsOf(site.Contract));
            ThreadBlocks.Release(site.FirstSlot, SlotsOf(site.Contract));
        }
    }

    private static int SlotsOf(ContractDescriptor contract) => Math.Max(1, contract.Methods.Count);

    private IEnumerable<CallTotals> Totals() => Guards.SelectMany(Totals);

    private static IEnumerable<CallTotals> Totals(Guard guard) => Enumerable.Range(guard.FirstSlot, guard.Contract.Methods.Count).Select(ThreadBlocks.Sum);
}

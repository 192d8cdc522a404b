using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>Carries what the tiers report of one plugin to the recorder, and counted faults to the supervisor. Thread-safe; no lock on a call's way.</summary>
internal sealed class PluginObserver(PluginSupervisor supervisor, Recorder recorder) : IInstanceObserver
{
    private readonly MethodRecorders[] _byTier = new MethodRecorders[Enum.GetValues<PluginTier>().Length];

    private readonly HashSet<PluginGuardSite> _attached = [];

    /// <summary>The generation that is starting, running or ran last.</summary>
    public int Generation { get; set; }

    /// <summary>That generation's worker, or null.</summary>
    public int? WorkerPid { get; set; }

    /// <summary>Notes a generation's worker; what an old generation says late is ignored.</summary>
    public void WorkerStarted(int generation, int pid)
    {
        if (generation == Generation)
        {
            WorkerPid = pid;
        }
    }

    /// <inheritdoc/>
    public void Completed(ContractMethod method, long roundTrip, long insideNanoseconds, long queued) =>
        Of(method).Completed(roundTrip, insideNanoseconds, queued);

    /// <inheritdoc/>
    public void InFlight(ContractMethod method, bool began) => Of(method).InFlight(began);

    /// <inheritdoc/>
    public void Ended(ContractMethod method, CallStatus status) => Of(method).Ended(status);

    /// <inheritdoc/>
    public string? Fault(FaultRecord fault)
    {
        string? id = recorder.Plugin(fault.PluginId, fault.Tier ?? PluginTier.InProcess).Fault(fault);
        supervisor.CountFault(fault);
        return id;
    }

    /// <inheritdoc/>
    public void TakenDown(IPluginInstance instance, UnloadResult result) => supervisor.TakenDown(instance, result);

    /// <summary>Takes a sampled in-process call.</summary>
    public void Sample(ContractMethod method, long elapsed) => Of(method).Sample(elapsed);

    /// <summary>Counts a call that was cut at an unload.</summary>
    public void Cut(ContractMethod method) => Of(method).Cut();

    /// <summary>Begins to count a guard's slots: from a plugin's first generation in-process on. Idempotent; called by the supervisor's loop.</summary>
    public void Attach(PluginGuardSite site)
    {
        if (!_attached.Add(site))
        {
            return;
        }

        foreach (ContractMethod method in site.Contract.Methods)
        {
            Of(PluginTier.InProcess, method).AttachSlot(site.FirstSlot + method.Index);
        }
    }

    /// <summary>Begins to count the slots of objects of a contract that the plugin hands out.</summary>
    public void AttachObjects(ContractDescriptor contract, int firstSlot)
    {
        foreach (ContractMethod method in contract.Methods)
        {
            Of(PluginTier.InProcess, method).AttachSlot(firstSlot + method.Index);
        }
    }

    /// <summary>Folds the slots of handed-out objects in before they are released.</summary>
    public void DetachObjects(ContractDescriptor contract, int firstSlot)
    {
        foreach (ContractMethod method in contract.Methods)
        {
            Of(PluginTier.InProcess, method).DetachSlot(firstSlot + method.Index);
        }
    }

    /// <summary>Folds a guard's slots in before they are released.</summary>
    public void Detach(PluginGuardSite site)
    {
        if (!_attached.Remove(site))
        {
            return;
        }

        foreach (ContractMethod method in site.Contract.Methods)
        {
            Of(PluginTier.InProcess, method).DetachSlot(site.FirstSlot + method.Index);
        }
    }

    private MethodRecorder Of(ContractMethod method) => Of(supervisor.Tier ?? PluginTier.InProcess, method);

    private MethodRecorder Of(PluginTier tier, ContractMethod method)
    {
        MethodRecorders recorders = _byTier[(int)tier]
            ?? (Interlocked.CompareExchange(ref _byTier[(int)tier], new MethodRecorders(recorder.Plugin(supervisor.Plugin.Id, tier)), null)
                ?? _byTier[(int)tier]);
        return recorders.Of(method);
    }

    /// <summary>A plugin's recorders in one tier, found by the method object itself: no text is compared on a call's way.</summary>
    private sealed class MethodRecorders(PluginRecorder plugin)
    {
        private readonly Lock _lock = new();
        private KeyValuePair<ContractMethod, MethodRecorder>[] _known = [];

        public MethodRecorder Of(ContractMethod method)
        {
            foreach (KeyValuePair<ContractMethod, MethodRecorder> known in Volatile.Read(ref _known))
            {
                if (ReferenceEquals(known.Key, method))
                {
                    return known.Value;
                }
            }

            return Add(method);
        }

        private MethodRecorder Add(ContractMethod method)
        {
            MethodRecorder added = plugin.Method(method.WireName);
            lock (_lock)
            {
                _known = [.. _known, new KeyValuePair<ContractMethod, MethodRecorder>(method, added)];
            }

            return added;
        }
    }
}

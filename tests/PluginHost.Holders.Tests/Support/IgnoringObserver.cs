using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Holders.Tests.Support;

/// <summary>Takes what an instance reports and keeps nothing.</summary>
internal sealed class IgnoringObserver : IInstanceObserver
{
    public void Completed(ContractMethod method, long roundTrip, long insideNanoseconds, long queued)
    {
    }

    public void InFlight(ContractMethod method, bool began)
    {
    }

    public void Ended(ContractMethod method, CallStatus status)
    {
    }

    public string? Fault(FaultRecord fault) => fault.Id;
}

using System.Text.Json;
using Fixtures.Processes.Contract;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace Fixtures;

/// <summary>Requests to start the fixture plugin; shared by the tests and the host that is killed.</summary>
internal static class FixtureRequest
{
    public static ContractDescriptor Contract { get; } =
        ContractDescriptor.Find(typeof(IFixture)) ?? throw new InvalidOperationException("The generator wrote nothing for IFixture.");

    public static StartRequest Create(
        string folder, string dataFolder, IInstanceObserver observer, ILogger logger, string settings = "{}", PluginLimits? limits = null, string id = "fixture", int generation = 1) => new()
        {
            Manifest = new PluginManifest
            {
                Id = id,
                Version = "1.0.0",
                Name = id,
                Entry = "Fixtures.Processes.Plugin.dll",
                Contracts = [new ContractReference(Contract.Name, Contract.Major)],
                Limits = limits ?? new PluginLimits(),
            },
            Generation = generation,
            Folder = folder,
            DataFolder = dataFolder,
            Settings = JsonDocument.Parse(settings).RootElement,
            Contracts = [Contract],
            SharedAssemblies = new Dictionary<string, string> { ["Fixtures.Processes.Contract"] = typeof(IFixture).Assembly.Location },
            Guards = [],
            Observer = observer,
            Logger = logger,
        };
}

/// <summary>Hears nothing.</summary>
internal sealed class DeafObserver : IInstanceObserver
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

    public string? Fault(FaultRecord fault) => null;
}

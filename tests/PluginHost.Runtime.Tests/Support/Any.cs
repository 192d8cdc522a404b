using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>Values nobody cares about, so that a test shows only what matters.</summary>
internal static class Any
{
    public const string PluginId = "any.plugin";

    public static PluginManifest Manifest() => new()
    {
        Id = PluginId,
        Version = "1.0.0",
        Name = "Any",
        Entry = "Any.dll",
        Contracts = [new ContractReference("Any.IContract", 1)],
        Trust = TrustLevel.Full,
    };

    public static SupervisedPlugin Plugin(PluginTier? tier = PluginTier.Process, RestartOptions? restart = null) => new()
    {
        Id = PluginId,
        Manifest = Manifest() with { Restart = restart ?? new RestartOptions() },
        SourceFolder = "/any/source",
        Folder = "/any/store",
        DataFolder = "/any/data",
        Placement = new Placement
        {
            Requested = TrustLevel.Full,
            Granted = TrustLevel.Full,
            Tier = tier,
            Reasons = ["any reason"],
            Refusal = tier is null ? "any refusal" : null,
        },
    };

    public static SupervisorSettings Supervision(TimeProvider clock, Recorder recorder, params ITier[] tiers) => new()
    {
        Clock = clock,
        Jitter = new Jitter(new Random(1)),
        Tiers = tiers,
        Recorder = recorder,
        FaultRate = new FaultRateOptions(),
        RestartQueue = new RestartQueue(new RestartRateOptions(), clock),
        DrainTimeout = TimeSpan.FromSeconds(1),
        StartTimeout = TimeSpan.FromSeconds(30),
        RoundTrip = false,
        Logger = NullLogger.Instance,
        LoggerFactory = NullLoggerFactory.Instance,
    };
}

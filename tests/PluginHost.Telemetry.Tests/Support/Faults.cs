using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Telemetry.Tests.Support;

/// <summary>Fault records for tests.</summary>
internal static class Faults
{
    public static FaultRecord Of(string plugin, string message = "it broke", FaultKind kind = FaultKind.Exception, string? method = "Faulty.Throw") => new()
    {
        At = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        PluginId = plugin,
        Kind = kind,
        Tier = PluginTier.Process,
        Generation = 2,
        Method = method,
        Message = message,
        RemoteType = "System.InvalidOperationException",
    };
}

using Microsoft.Extensions.Logging;

namespace PluginHost.Telemetry.Recording;

/// <summary>What recording logs: ids 10000 to 10099.</summary>
internal static partial class Log
{
    [LoggerMessage(10000, LogLevel.Error, "A subscriber to plugin events failed on {Event} of plugin {PluginId}; it stays subscribed")]
    public static partial void SubscriberFailed(ILogger logger, Exception error, string @event, string pluginId);

    [LoggerMessage(10001, LogLevel.Warning,
        "Plugin {PluginId} makes more than {Limit} fault entries a minute: further ones of this minute are counted, not kept")]
    public static partial void FaultsCapped(ILogger logger, string pluginId, int limit);

    [LoggerMessage(10002, LogLevel.Warning, "The flight recorder is unavailable: {Reason}")]
    public static partial void FlightRecorderUnavailable(ILogger logger, string reason);

    [LoggerMessage(10003, LogLevel.Warning,
        "The flight recorder cannot take more room in {File} (error {Errno}): threads from now on are not recorded after a death of this process")]
    public static partial void FlightRecorderFull(ILogger logger, string file, int errno);

    [LoggerMessage(10004, LogLevel.Warning, "The flight recorder file {File} could not be read and is dropped: {Reason}")]
    public static partial void FlightFileUnreadable(ILogger logger, string file, string reason);

    [LoggerMessage(10005, LogLevel.Warning, "The flight recorder file {File} could not be deleted: {Reason}")]
    public static partial void FlightFileKept(ILogger logger, string file, string reason);

    [LoggerMessage(10006, LogLevel.Warning, "The flight recorder could not name slot {Slot} in {File}: {Reason}")]
    public static partial void FlightNameLost(ILogger logger, int slot, string file, string reason);
}

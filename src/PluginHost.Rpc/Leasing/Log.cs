using Microsoft.Extensions.Logging;

namespace PluginHost.Rpc.Leasing;

/// <summary>The room's log messages.</summary>
internal static partial class Log
{
    [LoggerMessage(9020, LogLevel.Debug, "A message about something that was handed out cannot be read: {Problem}")]
    public static partial void Unreadable(ILogger logger, string problem);

    [LoggerMessage(9021, LogLevel.Warning, "Progress reports of the peer are thrown away: they come faster than they are taken, or for calls that have ended; {Count} so far.")]
    public static partial void ReportsDropped(ILogger logger, long count);
}

using Microsoft.Extensions.Logging;

namespace PluginHost.Telemetry.Export;

/// <summary>What exporting logs: ids 10100 to 10199.</summary>
internal static partial class Log
{
    [LoggerMessage(10100, LogLevel.Error,
        "The fault journal {File} cannot be written: {Reason}. Entries are lost until it can; further failures are only counted")]
    public static partial void JournalFailed(ILogger logger, string file, string reason);
}

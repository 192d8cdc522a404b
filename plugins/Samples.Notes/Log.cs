using Microsoft.Extensions.Logging;

namespace Samples.Notes;

/// <summary>What the plugin logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Opened the store with {Notes} notes")]
    public static partial void Opened(ILogger logger, int notes);
}

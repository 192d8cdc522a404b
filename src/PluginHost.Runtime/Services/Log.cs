using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Services;

/// <summary>What host services log. Event ids 8500 and on.</summary>
internal static partial class Log
{
    [LoggerMessage(8500, LogLevel.Warning, "{Method}, called by {PluginId}, failed in {Provider}")]
    public static partial void Failed(ILogger logger, string pluginId, string method, string provider, Exception exception);

    [LoggerMessage(8501, LogLevel.Warning, "{Method}, called by {PluginId}, did not end within {Limit} in {Provider}")]
    public static partial void TooLate(ILogger logger, string pluginId, string method, string provider, TimeSpan limit);

    [LoggerMessage(8502, LogLevel.Warning, "{Method} was not called for {PluginId}: {Chain} already call one through the other, and the limit is {Limit}")]
    public static partial void TooDeep(ILogger logger, string pluginId, string method, string chain, int limit);

    [LoggerMessage(8503, LogLevel.Error, "{PluginId} goes without {Contract}: {Provider} failed to provide it")]
    public static partial void NotProvided(ILogger logger, string pluginId, string contract, string provider, Exception exception);
}

using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.InProcess;

/// <summary>What the in-process tier logs. Event ids 4000 and on.</summary>
internal static partial class Log
{
    [LoggerMessage(4000, LogLevel.Debug, "{PluginId} generation {Generation}: {Assembly} {Version} from '{From}' ({Because})")]
    public static partial void Loaded(ILogger logger, string pluginId, int generation, string assembly, string version, string from, string because);

    [LoggerMessage(4001, LogLevel.Warning, "{PluginId} generation {Generation} was given up while its start was still running; it is taken down when it lets go")]
    public static partial void StartAbandoned(ILogger logger, string pluginId, int generation);

    [LoggerMessage(4002, LogLevel.Warning, "{PluginId} generation {Generation}: {Calls} call(s) still inside after the drain of {Drain}; suspended ones are cut")]
    public static partial void DrainEnded(ILogger logger, string pluginId, int generation, int calls, TimeSpan drain);

    [LoggerMessage(4005, LogLevel.Warning, "{PluginId} generation {Generation}: {Leases} open sequence(s) and object(s) after the drain of {Drain}; they are ended")]
    public static partial void LeasesEnded(ILogger logger, string pluginId, int generation, int leases, TimeSpan drain);

    [LoggerMessage(4003, LogLevel.Warning, "{PluginId} generation {Generation}: {What}")]
    public static partial void StopFault(ILogger logger, string pluginId, int generation, string what);

    [LoggerMessage(4004, LogLevel.Warning, "{PluginId} generation {Generation} stayed in memory after forced collections: something still refers to it")]
    public static partial void Leaked(ILogger logger, string pluginId, int generation);

    [LoggerMessage(4010, LogLevel.Error, "This process has a handler of unhandled exceptions already, and there can be one only ({Reason}): an exception on a thread of a plugin's own ends the application, as it does without HandleUnhandledExceptions. Leave that option out, or the other handler.")]
    public static partial void HandlerTaken(ILogger logger, string reason);

    [LoggerMessage(4020, LogLevel.Warning, "{PluginId} generation {Generation}: {Assembly} {Version} from '{From}' ({Because})")]
    public static partial void LoadedOutside(ILogger logger, string pluginId, int generation, string assembly, string version, string from, string because);
}

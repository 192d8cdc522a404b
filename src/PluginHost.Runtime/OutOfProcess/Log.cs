using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>What this room logs: 6000 and on.</summary>
internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Information, "Plugin {PluginId} runs in worker {WorkerPid} (generation {Generation}, {Codec} over the {Transport}) after {Took}.")]
    public static partial void Started(ILogger logger, string pluginId, int workerPid, int generation, string codec, string transport, TimeSpan took);

    [LoggerMessage(6001, LogLevel.Error, "Plugin {PluginId} (generation {Generation}) lost its worker {WorkerPid}: {Kind}. {Reason}")]
    public static partial void Died(ILogger logger, string pluginId, int generation, int workerPid, FaultKind kind, string reason);

    [LoggerMessage(6002, LogLevel.Warning, "Worker {WorkerPid} of plugin {PluginId} did not answer the request to stop and is taken down: {Reason}")]
    public static partial void StopUnanswered(ILogger logger, string pluginId, int workerPid, string reason);

    [LoggerMessage(6003, LogLevel.Warning, "{Count} log events of plugin {PluginId} were dropped in worker {WorkerPid}: it logs faster than they can be sent.")]
    public static partial void EventsDropped(ILogger logger, long count, string pluginId, int workerPid);

    [LoggerMessage(6004, LogLevel.Warning, "Plugin {PluginId} is unresponsive: its worker {WorkerPid} {Reason}")]
    public static partial void Unresponsive(ILogger logger, string pluginId, int workerPid, string reason);

    [LoggerMessage(6005, LogLevel.Information, "Plugin {PluginId} responds again (worker {WorkerPid}).")]
    public static partial void Responsive(ILogger logger, string pluginId, int workerPid);

    [LoggerMessage(6006, LogLevel.Warning, "The thread pool of plugin {PluginId} is starved: its worker {WorkerPid} lives and has {Pending} calls, and a work item has waited for {Delay}. Look for calls that block on tasks.")]
    public static partial void PoolStarved(ILogger logger, string pluginId, int workerPid, TimeSpan delay, int pending);

    [LoggerMessage(6007, LogLevel.Warning, "No minidump of worker {WorkerPid} of plugin {PluginId}, which hangs: {Reason}")]
    public static partial void NoDump(ILogger logger, string pluginId, int workerPid, string reason);

    [LoggerMessage(EventId = 6010, Message = "Calls of plugin {PluginId} go over its worker's socket, for rings in shared memory cannot be made: {Reason}")]
    public static partial void NoRing(ILogger logger, LogLevel level, string pluginId, string reason);

    [LoggerMessage(6011, LogLevel.Warning, "Calls of plugin {PluginId} go over the socket, for its worker {WorkerPid} did not take the rings: {Reason}")]
    public static partial void RingNotTaken(ILogger logger, string pluginId, int workerPid, string? reason);

    [LoggerMessage(6020, LogLevel.Warning, "Large values of plugin {PluginId} travel in parts, for memory to share with its worker cannot be made: {Reason}")]
    public static partial void NoPayloadMemory(ILogger logger, string pluginId, string reason);

    [LoggerMessage(6030, LogLevel.Warning, "The folder '{Folder}' of a worker of plugin {PluginId} could not be removed after its call; the host's next start tries again: {Reason}")]
    public static partial void CallFolderKept(ILogger logger, string pluginId, string folder, string reason);

    [LoggerMessage(6040, LogLevel.Debug, "Worker {WorkerPid} stands ready as a spare.")]
    public static partial void SpareReady(ILogger logger, int workerPid);

    [LoggerMessage(6041, LogLevel.Warning, "The spare worker {WorkerPid} ended before a plugin needed it.")]
    public static partial void SpareLost(ILogger logger, int workerPid);

    [LoggerMessage(6042, LogLevel.Warning, "A spare worker could not be started; plugins start without until one can: {Reason}")]
    public static partial void SpareFailed(ILogger logger, string reason);

    [LoggerMessage(6050, LogLevel.Debug, "{PluginId} generation {Generation}: {Assembly} {Version} from '{From}' ({Because})")]
    public static partial void Assembly(ILogger logger, string pluginId, int generation, string assembly, string version, string from, string because);

    [LoggerMessage(6051, LogLevel.Debug, "{PluginId} generation {Generation}: {What} {Remedy}")]
    public static partial void AssemblyProblem(ILogger logger, string pluginId, int generation, string what, string remedy);
}

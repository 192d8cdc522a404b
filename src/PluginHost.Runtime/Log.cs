using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>What the engine's root logs. Event ids 8000 and on.</summary>
internal static partial class Log
{
    [LoggerMessage(8000, LogLevel.Information, "{PluginId} is ready in {Tier}, generation {Generation}")]
    public static partial void Ready(ILogger logger, string pluginId, PluginTier tier, int generation);

    [LoggerMessage(8001, LogLevel.Information, "{PluginId} generation {Generation} stopped: {Outcome}, {Abandoned} call(s) abandoned")]
    public static partial void Stopped(ILogger logger, string pluginId, int generation, UnloadOutcome outcome, int abandoned);

    [LoggerMessage(8002, LogLevel.Warning, "{PluginId} generation {Generation} failed ({Kind}: {Fault}); restarting in {Milliseconds:0.0} ms")]
    public static partial void BackingOff(ILogger logger, string pluginId, int generation, FaultKind kind, string fault, double milliseconds);

    [LoggerMessage(8003, LogLevel.Information, "{PluginId} restarted, generation {From} to {To}, because of {Cause}, in {Milliseconds:0.0} ms")]
    public static partial void Restarted(ILogger logger, string pluginId, int from, int to, string cause, double milliseconds);

    [LoggerMessage(8004, LogLevel.Error, "{PluginId} generation {Generation} is quarantined: {Reason} {Fault}")]
    public static partial void Quarantined(ILogger logger, string pluginId, int generation, string reason, string fault);

    [LoggerMessage(8005, LogLevel.Error, "{PluginId} generation {Generation} is refused: {Reason} {Fault}")]
    public static partial void Refused(ILogger logger, string pluginId, int generation, string reason, string fault);

    [LoggerMessage(8006, LogLevel.Warning, "{PluginId}: {Reason}")]
    public static partial void Demoted(ILogger logger, string pluginId, string reason);

    [LoggerMessage(8007, LogLevel.Warning, "{PluginId}: {Method} changed its caller's ambient state; it is restored after every call from now on")]
    public static partial void AmbientStateLeaked(ILogger logger, string pluginId, string method);

    [LoggerMessage(8008, LogLevel.Error, "{PluginId}: the command {Command} failed in the host")]
    public static partial void CommandFailed(ILogger logger, string pluginId, string command, Exception exception);

    [LoggerMessage(8009, LogLevel.Warning, "{Problem}")]
    public static partial void Problem(ILogger logger, string problem);

    [LoggerMessage(8010, LogLevel.Warning, "Plugins of the development folder {Folder} run unsigned with the trust they request")]
    public static partial void DevelopmentFolder(ILogger logger, string folder);

    [LoggerMessage(8011, LogLevel.Error, "The host {HostPid} of this state folder died while its thread {ThreadId} was in {PluginId} {Method}")]
    public static partial void HostDied(ILogger logger, int hostPid, int threadId, string pluginId, string method);

    [LoggerMessage(8016, LogLevel.Warning,
        "The host {HostPid} of this state folder died while no thread was in a plugin; waiting for something were {Calls}. What they did when they went on is not known: nobody is blamed")]
    public static partial void HostDiedWaiting(ILogger logger, int hostPid, string calls);

    [LoggerMessage(8012, LogLevel.Information, "{PluginId} generation {Generation} waits {Milliseconds:0.0} ms for its turn: the host restarts no more plugins at once")]
    public static partial void HeldBack(ILogger logger, string pluginId, int generation, double milliseconds);

    [LoggerMessage(8014, LogLevel.Warning, "{PluginId} generation {Generation} is stopped: {Reason} {Fault}")]
    public static partial void NotRestarted(ILogger logger, string pluginId, int generation, string reason, string fault);

    [LoggerMessage(8015, LogLevel.Warning, "{PluginId}: the application's own object or sequence of {Contract} failed while a call let go of it")]
    public static partial void OwnObjectFaulted(ILogger logger, string pluginId, string contract, Exception exception);

    [LoggerMessage(8013, LogLevel.Warning, "The contract assembly {File} cannot be loaded: {Reason}")]
    public static partial void ContractNotLoaded(ILogger logger, string file, string reason);

    [LoggerMessage(8020, LogLevel.Information, "{PluginId}: worker {Number} of generation {Generation} was replaced after {Cause} in {Milliseconds:0.0} ms")]
    public static partial void WorkerReplaced(ILogger logger, string pluginId, int number, int generation, string cause, double milliseconds);

    [LoggerMessage(8021, LogLevel.Warning, "{PluginId}: worker {Number} of generation {Generation} failed with {Kind} and is replaced in {Milliseconds:0.0} ms; the others go on")]
    public static partial void WorkerBackingOff(ILogger logger, string pluginId, int number, int generation, FaultKind kind, double milliseconds);

    [LoggerMessage(8022, LogLevel.Information, "{PluginId}: worker {Number} waits {Milliseconds:0.0} ms for its turn: the host restarts no more at once")]
    public static partial void WorkerHeldBack(ILogger logger, string pluginId, int number, double milliseconds);

    [LoggerMessage(8023, LogLevel.Error, "{PluginId}: worker {Number} is not replaced; the others go on: {Reason}")]
    public static partial void WorkerGivenUp(ILogger logger, string pluginId, int number, string reason);

    [LoggerMessage(8025, LogLevel.Information, "{PluginId}: worker {Number} of generation {Generation} was recycled, for it {What}; it took {Milliseconds:0.0} ms")]
    public static partial void WorkerRecycled(ILogger logger, string pluginId, int number, int generation, string what, double milliseconds);

    [LoggerMessage(8024, LogLevel.Warning, "What workers of the last host had in {Folder} could not be removed: {Reason}")]
    public static partial void CallsKept(ILogger logger, string folder, string reason);

    [LoggerMessage(8030, LogLevel.Warning, "The last host of this state folder, process {HostPid}, ended without stopping while it ran {Workers}")]
    public static partial void HostEndedWithoutStop(ILogger logger, int hostPid, string workers);

    [LoggerMessage(8031, LogLevel.Warning, "Process {Pid} ({Name}) of {PluginId} had outlived its host {HostPid}; it is ended")]
    public static partial void LeftoverEnded(ILogger logger, int pid, string name, string pluginId, int hostPid);

    [LoggerMessage(8032, LogLevel.Warning, "What the host {HostPid} has left running could not be ended: {Reason} Look for processes with PLUGINHOST_OWNER={Mark} in their environment.")]
    public static partial void LeftoversUnknown(ILogger logger, int hostPid, string reason, string mark);

    [LoggerMessage(8050, LogLevel.Information, "{PluginId}: generation {To} took the place of generation {From}, {Milliseconds:0.0} ms after it was asked for: {Reason}")]
    public static partial void Replaced(ILogger logger, string pluginId, int from, int to, string reason, double milliseconds);

    [LoggerMessage(8055, LogLevel.Information, "{PluginId}: its folder holds again what runs as generation {Generation}; there is nothing to reload")]
    public static partial void SameAgain(ILogger logger, string pluginId, int generation);

    [LoggerMessage(8051, LogLevel.Error, "{PluginId}: {What} ({Kind}): {Reason}")]
    public static partial void NotReplaced(ILogger logger, string pluginId, string what, FaultKind kind, string reason);

    [LoggerMessage(8052, LogLevel.Warning, "{PluginId}: {Count} call(s), sequences or objects of the replaced generation {Generation} were still open after {Drain}; they are ended")]
    public static partial void DrainOver(ILogger logger, string pluginId, int generation, int count, TimeSpan drain);

    [LoggerMessage(8053, LogLevel.Information, "{PluginId} generation {Generation} is gone from memory, {After} and {Collections} collection(s) of the oldest generation after it was unloaded")]
    public static partial void UnloadProved(ILogger logger, string pluginId, int generation, TimeSpan after, int collections);

    [LoggerMessage(8056, LogLevel.Information, "{PluginId} generation {Generation} outlived {Collections} collections; what the framework remembers of types is emptied, in case it is that")]
    public static partial void CachesCleared(ILogger logger, string pluginId, int generation, int collections);

    [LoggerMessage(8057, LogLevel.Error, "{PluginId} generation {Generation} leaked: {Message}")]
    public static partial void UnloadLeaked(ILogger logger, string pluginId, int generation, string message);

    [LoggerMessage(8059, LogLevel.Error, "{PluginId}: {Reason}")]
    public static partial void NoMoreInProcess(ILogger logger, string pluginId, string reason);

    [LoggerMessage(8058, LogLevel.Warning, "{PluginId} generation {Generation}: a cache of the framework could not be emptied: {Fault}")]
    public static partial void CacheNotCleared(ILogger logger, string pluginId, int generation, string fault);

    [LoggerMessage(8054, LogLevel.Warning, "{PluginId} generation {Generation} is killed: it {What}")]
    public static partial void OverLimit(ILogger logger, string pluginId, int generation, string what);

    [LoggerMessage(8060, LogLevel.Warning, "Changes of the plugins folder {Directory} were missed; its plugins are looked at anew: {Reason}")]
    public static partial void WatchLost(ILogger logger, string directory, string reason);

    [LoggerMessage(8061, LogLevel.Information, "Files of {Folder} have changed, its plugin.json has not: nothing is reloaded. Write plugin.json last, for example with touch.")]
    public static partial void ManifestAwaited(ILogger logger, string folder);

    [LoggerMessage(8062, LogLevel.Error, "The changed folder {Folder} could not be taken")]
    public static partial void TakeFailed(ILogger logger, string folder, Exception exception);

    [LoggerMessage(8063, LogLevel.Warning, "{Folder} holds no plugin any more. {PluginId} goes on from the store's copy until it is stopped; at the host's next start it is gone.")]
    public static partial void FolderGone(ILogger logger, string folder, string pluginId);

    [LoggerMessage(8064, LogLevel.Information, "{Folder} is gone, and with it {PluginId}, which could not run")]
    public static partial void RefusedGone(ILogger logger, string folder, string pluginId);

    [LoggerMessage(8065, LogLevel.Warning, "The system does not tell of changes in {Directory} ({Reason}); its manifests are looked at every {Seconds} s, and nothing else is noticed")]
    public static partial void WatchPolls(ILogger logger, string directory, string reason, double seconds);

    [LoggerMessage(8066, LogLevel.Error, "The watch of {Directory} failed and goes on")]
    public static partial void WatchFailed(ILogger logger, string directory, Exception exception);

    [LoggerMessage(8067, LogLevel.Warning, "Copies of plugins that nobody uses could not be removed from the store: {Reason}")]
    public static partial void StoreNotCollected(ILogger logger, string reason);

    [LoggerMessage(8068, LogLevel.Error, "{Part} did not end in order; the host goes on to end all the rest")]
    public static partial void EndFailed(ILogger logger, string part, Exception exception);

    [LoggerMessage(8080, LogLevel.Error, "{PluginId} generation {Generation}: {What} The application goes on")]
    public static partial void ForeignFault(ILogger logger, string pluginId, int generation, string what);

    [LoggerMessage(8081, LogLevel.Error, "{PluginId} generation {Generation}: {What}")]
    public static partial void CallStuck(ILogger logger, string pluginId, int generation, string what);

    [LoggerMessage(8082, LogLevel.Warning, "{PluginId} generation {Generation}: {What}")]
    public static partial void CallCameBack(ILogger logger, string pluginId, int generation, string what);

    [LoggerMessage(8083, LogLevel.Error, "A look for stuck calls failed; the next one comes")]
    public static partial void WatchOfCallsFailed(ILogger logger, Exception exception);

    [LoggerMessage(8040, LogLevel.Debug, "{PluginId} generation {Generation} stands ready in worker {WorkerPid} beside the running one")]
    public static partial void HotSpareReady(ILogger logger, string pluginId, int generation, int? workerPid);

    [LoggerMessage(8041, LogLevel.Warning, "{PluginId}: its next generation does not stand ready; a restart starts it first: {Reason}")]
    public static partial void HotSpareLost(ILogger logger, string pluginId, string reason);

    [LoggerMessage(8070, LogLevel.Error, "The record of demotions cannot be read: {Problem} It is kept aside ({File}). What it said is unknown: every plugin that the policy lets the host move (\"demotion\": true) runs out of process until it is reset.")]
    public static partial void DemotionsUnreadable(ILogger logger, string problem, string file);

    [LoggerMessage(8071, LogLevel.Error, "The record of demotions {File} cannot be written: {Reason} Plugins that were moved out of process may run inside the next host again. Make room, or let this user write there.")]
    public static partial void DemotionsNotWritten(ILogger logger, string file, string reason);

    [LoggerMessage(8072, LogLevel.Warning, "{PluginId} was reset: {What}")]
    public static partial void Reset(ILogger logger, string pluginId, string what);

    [LoggerMessage(8090, LogLevel.Warning, "What holds a plugin in memory could not be looked for: {Reason}")]
    public static partial void NoHolders(ILogger logger, string reason);

    [LoggerMessage(8091, LogLevel.Warning, "Dumps of an earlier host in {Folder} could not be removed: {Reason} They hold its memory: remove them.")]
    public static partial void DumpsLeft(ILogger logger, string folder, string reason);
}

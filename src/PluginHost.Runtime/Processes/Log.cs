using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Processes;

/// <summary>What this room logs: 5000 and on.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 5000, Message = "{Stream} of worker {WorkerPid}: {Line}")]
    public static partial void Output(ILogger logger, LogLevel level, int workerPid, string stream, string line);

    [LoggerMessage(5001, LogLevel.Warning, "{Count} output lines of worker {WorkerPid} were dropped: it wrote more than 100 a second.")]
    public static partial void OutputDropped(ILogger logger, long count, int workerPid);

    [LoggerMessage(5002, LogLevel.Warning, "Worker {WorkerPid} did not end within {Grace} of SIGTERM; its process group is killed.")]
    public static partial void KillingGroup(ILogger logger, int workerPid, TimeSpan grace);

    [LoggerMessage(5003, LogLevel.Error, "Worker {WorkerPid} did not end within {Grace} of SIGKILL and is left alone. The kernel holds it: look at its state in /proc/{WorkerPid}/status.")]
    public static partial void Abandoned(ILogger logger, int workerPid, TimeSpan grace);

    [LoggerMessage(5010, LogLevel.Warning, "The reaper {ReaperPid} ended before this host ({Exit}); another takes its place. {Errors}")]
    public static partial void ReaperLost(ILogger logger, int reaperPid, string exit, string errors);

    [LoggerMessage(5011, LogLevel.Warning, "No reaper: {Reason} Should this host be killed, programs that its plugins have started may run on.")]
    public static partial void NoReaper(ILogger logger, string reason);
}

using Microsoft.Extensions.Logging;

namespace PluginHost.Rpc.Connection;

/// <summary>The room's log messages.</summary>
internal static partial class Log
{
    [LoggerMessage(9000, LogLevel.Debug, "The connection ended: {Kind}: {Detail}")]
    public static partial void Ended(ILogger logger, RpcCloseKind kind, string detail);

    [LoggerMessage(9001, LogLevel.Warning, "The handler of the notification {Method} failed.")]
    public static partial void NotificationFailed(ILogger logger, string method, Exception exception);

    [LoggerMessage(9002, LogLevel.Warning, "Notifications are dropped because {Limit} incoming calls are queued or running; {Count} so far.")]
    public static partial void NotificationsDropped(ILogger logger, int limit, long count);

    [LoggerMessage(9003, LogLevel.Debug, "The peer sent an answer to the id {Id}, which no call has; {Count} so far.")]
    public static partial void UnsolicitedAnswer(ILogger logger, long id, int count);

    [LoggerMessage(9020, LogLevel.Warning, "The peer could not read something: {Message} (code {Code}); {Count} answers to nothing so far.")]
    public static partial void ErrorAboutNothing(ILogger logger, int code, string message, int count);

    [LoggerMessage(9005, LogLevel.Warning, "What a handler registered on its token failed when the call was cancelled.")]
    public static partial void CancellationFailed(ILogger logger, Exception exception);

    [LoggerMessage(9006, LogLevel.Warning, "{What} failed; nobody waits for it.")]
    public static partial void LeaseFailed(ILogger logger, string what, Exception exception);

    [LoggerMessage(9004, LogLevel.Error, "The connection's reader failed.")]
    public static partial void ReaderFailed(ILogger logger, Exception exception);
}

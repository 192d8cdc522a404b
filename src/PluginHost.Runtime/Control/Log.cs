using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Control;

/// <summary>What the control socket logs. Event ids 7000 and on.</summary>
internal static partial class Log
{
    [LoggerMessage(7000, LogLevel.Warning, "The control socket {Path} cannot accept: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, string path, string reason);

    [LoggerMessage(7001, LogLevel.Debug, "A client of the control socket {Path} was dropped: {Reason}")]
    public static partial void ClientDropped(ILogger logger, string path, string reason);

    [LoggerMessage(7002, LogLevel.Warning, "The window {Path} cannot be written: {Reason}")]
    public static partial void WindowNotWritten(ILogger logger, string path, string reason);

    [LoggerMessage(7004, LogLevel.Error, "A client of the control socket {Path} got no answer")]
    public static partial void AnswerFailed(ILogger logger, string path, Exception exception);

    [LoggerMessage(7003, LogLevel.Warning, "The control socket {Path} cannot be removed: {Reason}")]
    public static partial void SocketKept(ILogger logger, string path, string reason);
}

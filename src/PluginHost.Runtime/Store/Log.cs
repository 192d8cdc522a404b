using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Store;

/// <summary>What the store logs.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information, "Took plugin folder {Source} into the store as {ContentHash}: {Files} files")]
    public static partial void LaidOut(ILogger logger, string source, string contentHash, int files);

    [LoggerMessage(3001, LogLevel.Warning, "The store's copy {Folder} is not what its name says; it is replaced")]
    public static partial void Damaged(ILogger logger, string folder);

    [LoggerMessage(3002, LogLevel.Debug, "Removed {Copies} unused copies from the store")]
    public static partial void Collected(ILogger logger, int copies);

    [LoggerMessage(3003, LogLevel.Warning, "{File} cannot be written: {Reason} Should this host be killed, the next one cannot end what its workers leave running. Make room, or let this user write there.")]
    public static partial void RunningNotWritten(ILogger logger, string file, string reason);
}

using System.Globalization;
using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The folders of a worker that lives for one call: made empty for it, and removed with all that it left there. Not thread-safe.</summary>
internal sealed class CallFolder
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string _path;

    private CallFolder(string path) => _path = path;

    /// <summary>What the plugin gets as its data folder, in which it also runs.</summary>
    public string Data => Path.Combine(_path, "data");

    /// <summary>What the plugin gets for temporary files.</summary>
    public string Temp => Path.Combine(_path, "tmp");

    /// <summary>Makes them.</summary>
    /// <param name="parent">The plugin's folder for such folders.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="number">The number of the worker in it.</param>
    /// <exception cref="IOException">The system refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The system refused.</exception>
    public static CallFolder Create(string parent, int generation, long number)
    {
        CallFolder folder = new(Path.Combine(parent, string.Create(CultureInfo.InvariantCulture, $"{generation}-{number}")));
        MakeOwn(folder.Data);
        MakeOwn(folder.Temp);
        return folder;
    }

    /// <summary>Removes them.</summary>
    /// <param name="pluginId">Whose, for the log.</param>
    /// <param name="logger">The log.</param>
    public void Remove(string pluginId, ILogger logger)
    {
        if (TryRemove(_path) is { } problem)
        {
            Log.CallFolderKept(logger, pluginId, _path, problem);
        }
    }

    /// <summary>Removes a folder with all that is in it, what a plugin has made unwritable included; a link is removed, not what it leads to.</summary>
    /// <returns>Why something is left; null where nothing is.</returns>
    public static string? TryRemove(string path)
    {
        if (!Directory.Exists(path))
        {
            return null;
        }

        try
        {
            Directory.Delete(path, recursive: true);
            return null;
        }
        catch (Exception first) when (first is IOException or UnauthorizedAccessException)
        {
            // A folder without its owner's rights hides its files.
            return TryRemoveAll(path);
        }
    }

    private static string? TryRemoveAll(string path)
    {
        try
        {
            Open(path);
            Directory.Delete(path, recursive: true);
            return null;
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            return left.Message;
        }
    }

    private static void Open(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.SetUnixFileMode(folder, OwnersAlone);
        foreach (DirectoryInfo below in new DirectoryInfo(folder).EnumerateDirectories().Where(static d => d.LinkTarget is null))
        {
            Open(below.FullName);
        }
    }

    private static void MakeOwn(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(folder, OwnersAlone);
    }
}

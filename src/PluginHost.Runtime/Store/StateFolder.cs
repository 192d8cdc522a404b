using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PluginHost.Runtime.Model;
using File = System.IO.File;

namespace PluginHost.Runtime.Store;

/// <summary>A host's own folder: owned by its user, writable by nobody else, locked while the host lives. Thread-safe.</summary>
internal sealed class StateFolder : IDisposable
{
    private const int MostHosts = 64;
    private readonly FileStream _lock;

    private StateFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>The operator's policy; it need not be there.</summary>
    public string PolicyFile => In("pluginhost.json");

    /// <summary>The store's folder.</summary>
    public string Store => In("store");

    /// <summary>The fault journal's file.</summary>
    public string Journal => In("faults.jsonl");

    /// <summary>The control socket. Linux takes at most 107 bytes here; a longer path is the opener's to refuse.</summary>
    public string ControlSocket => In("control.sock");

    /// <summary>The last recorded window of figures.</summary>
    public string LastWindow => In("window.json");

    /// <summary>The file of <see cref="DemotionFile"/>.</summary>
    public string Demotions => In("demotions.json");

    /// <summary>The folder for what workers have that live for one call: nothing in it outlives its host.</summary>
    public string Calls => In("calls");

    /// <summary>The folder for dumps of the host itself while it looks for what holds a plugin: nothing in it outlives the look.</summary>
    public string Holders => In("holders");

    /// <summary>The file of <see cref="RunningWorkers"/>.</summary>
    public string Running => In("running");

    /// <summary>
    /// The usual state folder of a plugins directory: <c>pluginhost/NAME-HASH</c> in <c>$XDG_STATE_HOME</c> or <c>~/.local/state</c>, the
    /// hash being of the directory's full path.
    /// </summary>
    /// <param name="pluginsDirectory">The plugins directory.</param>
    /// <exception cref="StateFolderException">The user has no home folder.</exception>
    public static string DefaultFor(string pluginsDirectory) =>
        DefaultFor(pluginsDirectory, Environment.GetEnvironmentVariable("XDG_STATE_HOME"), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>The same for a given environment.</summary>
    internal static string DefaultFor(string pluginsDirectory, string? stateHome, string home)
    {
        if (string.IsNullOrEmpty(stateHome) || !System.IO.Path.IsPathFullyQualified(stateHome))
        {
            if (string.IsNullOrEmpty(home))
            {
                throw new StateFolderException("This user has no home folder to keep the host's state in. Set XDG_STATE_HOME, or name a state folder.");
            }

            stateHome = System.IO.Path.Combine(home, ".local", "state");
        }

        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(pluginsDirectory));
        var plain = string.Concat(System.IO.Path.GetFileName(full).Where(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_').Take(32));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)))[..12];
        return System.IO.Path.Combine(stateHome, "pluginhost", $"{(plain.Length == 0 ? "plugins" : plain)}-{hash}");
    }

    /// <summary>Opens and locks a state folder, creating it for this user alone where it is not there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="pluginsDirectory">The plugins directory; a state folder in it is refused, since plugins could bring their own.</param>
    /// <exception cref="StateFolderException">It cannot be used; the message says why and what to do.</exception>
    public static StateFolder Open(string path, string? pluginsDirectory = null)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (pluginsDirectory is not null)
        {
            RefuseInside(full, System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(pluginsDirectory)));
        }

        try
        {
            OwnFiles.CreateFolder(full);
            RefuseUnsafe(full);
            return new(full, Lock(full));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StateFolderException($"The state folder '{full}' cannot be used: {error.Message} Let this user write there, make room, or name another state folder.");
        }
    }

    /// <summary>Opens the first of base, base-2, base-3 and so on that no other host has locked.</summary>
    /// <param name="path">The base.</param>
    /// <param name="pluginsDirectory">The plugins directory.</param>
    /// <exception cref="StateFolderException">One cannot be used for another reason than a lock, or 64 are locked.</exception>
    public static StateFolder OpenFirstFree(string path, string? pluginsDirectory = null)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        for (var host = 1; ; host++)
        {
            try
            {
                return Open(host == 1 ? full : string.Create(CultureInfo.InvariantCulture, $"{full}-{host}"), pluginsDirectory);
            }
            catch (StateFolderException taken) when (taken.Locked && host < MostHosts)
            {
                // Another host lives there; the next name may be free.
                continue;
            }
        }
    }

    /// <summary>Gives a plugin's data folder, created for this user alone where it is not there.</summary>
    /// <param name="pluginId">A valid id.</param>
    /// <exception cref="StateFolderException">It cannot be created, or others can write it.</exception>
    public string DataFolder(string pluginId)
    {
        if (!PluginIds.Valid(pluginId))
        {
            throw new ArgumentException($"found {StrictValue.Quote(pluginId)}, expected {PluginIds.Expected}.", nameof(pluginId));
        }

        var folder = System.IO.Path.Combine(Path, "data", pluginId);
        try
        {
            OwnFiles.CreateFolder(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StateFolderException($"The data folder '{folder}' of {pluginId} cannot be created: {error.Message}");
        }

        RefuseUnsafe(folder);
        return folder;
    }

    /// <summary>Unlocks the folder. The folder stays.</summary>
    public void Dispose() => _lock.Dispose();

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private static void RefuseInside(string folder, string plugins)
    {
        if (folder == plugins || folder.StartsWith(plugins + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw new StateFolderException($"The state folder '{folder}' lies in the plugins directory '{plugins}', where plugins could bring their own state. Name a state folder outside of it.");
        }
    }

    private static void RefuseUnsafe(string folder)
    {
        var facts = FileFacts.Of(folder);
        if (facts?.Kind == FileKind.Directory && facts.Value.User != FileFacts.CurrentUser())
        {
            throw new StateFolderException(string.Create(
                CultureInfo.InvariantCulture,
                $"The state folder '{folder}' is owned by user {facts.Value.User}, expected this user ({FileFacts.CurrentUser()}). Name another state folder, or run as its owner."));
        }

        if (FolderSafety.Check(folder) is { } problem)
        {
            throw new StateFolderException($"The state folder is not private: {problem}");
        }
    }

    private static FileStream Lock(string folder)
    {
        var file = System.IO.Path.Combine(folder, "lock");
        FileStream held;
        try
        {
            // An exclusive flock: the kernel gives it back when its owner dies, however that happens.
            held = OwnFiles.OpenAlone(file);
        }
        catch (IOException) when (File.Exists(file))
        {
            throw new StateFolderException($"The state folder '{folder}' is in use by another host, process {Owner(file)}. Stop that host, or name another state folder.", locked: true);
        }

        held.SetLength(0);
        held.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
        held.Flush();
        return held;
    }

    private static string Owner(string file)
    {
        // Opened without asking for a lock: the owner holds it.
        var text = PlainFile.Read(file, 64, out _) is { } bytes ? Encoding.ASCII.GetString(bytes).Trim() : "";
        return text.Length > 0 && text.All(char.IsAsciiDigit) ? text : "of an unknown id";
    }
}

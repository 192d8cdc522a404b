namespace PluginHost.Runtime.Store;

/// <summary>A host's own folder: owned by its user, private, locked while the host lives. Thread-safe.</summary>
internal sealed class StateFolder : IDisposable
{
    /// <summary>The folder.</summary>
    public string Path => throw new NotSupportedException();

    /// <summary>The operator's policy.</summary>
    public string PolicyFile => throw new NotSupportedException();

    /// <summary>The store's folder.</summary>
    public string Store => throw new NotSupportedException();

    /// <summary>The fault journal's file.</summary>
    public string Journal => throw new NotSupportedException();

    /// <summary>The flight recorder's file.</summary>
    public string FlightRecorder => throw new NotSupportedException();

    /// <summary>The control socket.</summary>
    public string ControlSocket => throw new NotSupportedException();

    /// <summary>The last recorded window.</summary>
    public string LastWindow => throw new NotSupportedException();

    /// <summary>Gives a plugin's data folder, created for this user alone where it is not there.</summary>
    public string DataFolder(string pluginId) => throw new NotSupportedException();

    /// <summary>The usual state folder of a plugins directory.</summary>
    public static string DefaultFor(string pluginsDirectory) => throw new NotSupportedException();

    /// <summary>Opens and locks a state folder, creating it where it is not there.</summary>
    /// <exception cref="StateFolderException">It cannot be used; the message says why and what to do.</exception>
    public static StateFolder Open(string path, string? pluginsDirectory = null) => throw new NotSupportedException();

    /// <summary>Opens the first of base, base-2, base-3 … that no other host has locked.</summary>
    public static StateFolder OpenFirstFree(string path, string? pluginsDirectory = null) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotSupportedException();
}

/// <summary>A state folder cannot be used.</summary>
internal sealed class StateFolderException : Exception
{
    /// <summary>Creates one.</summary>
    public StateFolderException(string message, bool locked = false)
        : base(message) => Locked = locked;

    /// <summary>Whether another host has it.</summary>
    public bool Locked { get; }
}

namespace PluginHost.Runtime;

/// <summary>The plugins of a runtime by id, in the order of their folders. Thread-safe: a reader sees one state of it.</summary>
internal sealed class PluginRoster
{
    private readonly Lock _lock = new();
    private State _state = new([], new Dictionary<string, PluginSupervisor>());
    private bool _isClosed;

    /// <summary>All of them.</summary>
    public IReadOnlyList<PluginSupervisor> All => Volatile.Read(ref _state).All;

    /// <summary>The one of an id; null where there is none.</summary>
    public PluginSupervisor? Find(string id) => Volatile.Read(ref _state).ById.GetValueOrDefault(id);

    /// <summary>The one of a folder; null where there is none.</summary>
    /// <param name="folder">The operator's folder, a full path.</param>
    public PluginSupervisor? InFolder(string folder) => All.FirstOrDefault(s => s.Plugin.SourceFolder == folder);

    /// <summary>Adds one, in the place of others where such are given. It is known by the id that it has now.</summary>
    /// <returns>False where the roster is closed or another has the id: nothing has changed.</returns>
    public bool TryAdd(PluginSupervisor added, params IReadOnlyCollection<PluginSupervisor> inPlaceOf)
    {
        lock (_lock)
        {
            PluginSupervisor[] others = [.. _state.All.Except(inPlaceOf)];
            if (_isClosed || others.Any(s => s.Plugin.Id == added.Plugin.Id))
            {
                return false;
            }

            Replace_NeedsLock([.. others, added]);
            return true;
        }
    }

    /// <summary>Takes one out.</summary>
    /// <returns>False where the roster is closed or it is not there.</returns>
    public bool TryRemove(PluginSupervisor gone)
    {
        lock (_lock)
        {
            if (_isClosed || !_state.All.Contains(gone))
            {
                return false;
            }

            Replace_NeedsLock([.. _state.All.Where(s => s != gone)]);
            return true;
        }
    }

    /// <summary>From here on it stays as it is: whoever stops all of them has all of them.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
        }
    }

    private void Replace_NeedsLock(PluginSupervisor[] all)
    {
        Array.Sort(all, static (a, b) => string.CompareOrdinal(a.Plugin.SourceFolder, b.Plugin.SourceFolder));
        Volatile.Write(ref _state, new State(all, all.ToDictionary(s => s.Plugin.Id, StringComparer.Ordinal)));
    }

    private sealed record State(IReadOnlyList<PluginSupervisor> All, Dictionary<string, PluginSupervisor> ById);
}

using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.Tiers;

/// <summary>
/// What the workers of a plugin found in its files, which do not change while it has them: a restart is spared the search. A worker's own word, and only
/// workers of the same plugin get it. Thread-safe.
/// </summary>
internal sealed class LoadFindings
{
    private LoadedClass? _class;
    private string? _frameworks;

    /// <summary>The plugin's class; null before the first load.</summary>
    public LoadedClass? Class
    {
        get => Volatile.Read(ref _class);
        set => Volatile.Write(ref _class, value);
    }

    /// <summary>The frameworks that it needs beyond a worker's own, looked for once.</summary>
    /// <param name="find">Looks.</param>
    public string Frameworks(Func<string> find)
    {
        if (Volatile.Read(ref _frameworks) is { } known)
        {
            return known;
        }

        string found = find();
        Volatile.Write(ref _frameworks, found);
        return found;
    }
}

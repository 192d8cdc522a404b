using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.Tiers;

/// <summary>
/// What the workers of a plugin found in its files, which do not change while it has them: a restart is spared the search. A worker's own word, and only
/// workers of the same plugin get it. Thread-safe.
/// </summary>
internal sealed class LoadFindings
{
    private LoadedClass? _class;

    /// <summary>The plugin's class; null before the first load.</summary>
    public LoadedClass? Class
    {
        get => Volatile.Read(ref _class);
        set => Volatile.Write(ref _class, value);
    }
}

namespace PluginHost.Runtime.Tiers;

/// <summary>Whether a stopped plugin is gone from memory.</summary>
public enum UnloadOutcome
{
    /// <summary>Proved gone: both weak references are dead, or its process has ended.</summary>
    Unloaded,

    /// <summary>Asked to unload, not yet proved gone by a natural collection.</summary>
    Pending,

    /// <summary>Still in memory after forced collections.</summary>
    Leaked,

    /// <summary>Calls were still inside at the drain's deadline.</summary>
    TimedOut,

    /// <summary>Not asked to: the plugin is pinned, and its code stays in memory until the application ends.</summary>
    Pinned,
}

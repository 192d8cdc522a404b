namespace PluginHost.Loading.Unloading;

/// <summary>What is known of a load context that was asked to unload.</summary>
public enum UnloadProof
{
    /// <summary>Both weak references are dead: it is gone.</summary>
    Proved,

    /// <summary>Still there, and no collection was forced: nothing is known yet.</summary>
    NotYet,

    /// <summary>Still there after forced collections: something holds it.</summary>
    Leaked,
}

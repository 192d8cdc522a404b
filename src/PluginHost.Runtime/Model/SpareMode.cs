namespace PluginHost.Runtime.Model;

/// <summary>What stands ready for the next generation of a plugin that runs out of process.</summary>
public enum SpareMode
{
    /// <summary>Nothing: its restarts start a runtime first.</summary>
    None,

    /// <summary>A started worker without a plugin, shared with the other plugins of its class, where the host keeps such. The usual.</summary>
    Warm,

    /// <summary>
    /// A worker of its own that holds the plugin, loaded and started, beside the running one: for plugins whose restart matters. The plugin's start
    /// runs in it while the running generation still answers, and its memory is used twice.
    /// </summary>
    Hot,
}

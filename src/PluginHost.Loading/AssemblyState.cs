namespace PluginHost.Loading;

/// <summary>What is so of an assembly of a load report.</summary>
public enum AssemblyState
{
    /// <summary>Loaded for the plugin, in this process.</summary>
    Loaded,

    /// <summary>Read from the files: it will be loaded from there once code that needs it runs.</summary>
    Expected,

    /// <summary>In the plugin's folder, and not used from there.</summary>
    NotUsed,

    /// <summary>Loaded by the plugin's code outside its load context: it stays in memory until the process ends.</summary>
    Permanent,

    /// <summary>Referenced, and nowhere to be found.</summary>
    Missing,
}

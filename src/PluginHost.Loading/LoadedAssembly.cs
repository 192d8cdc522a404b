namespace PluginHost.Loading;

/// <summary>One row of a load report: an assembly of the plugin and where it comes from. Plain data.</summary>
/// <param name="Name">The simple name.</param>
/// <param name="Version">The version that was given, as text; empty where it is not known.</param>
/// <param name="From">The file it came from; empty where it has none.</param>
/// <param name="Shared">True where it is the host's own copy.</param>
/// <param name="Because">Why this file, in words.</param>
public sealed record LoadedAssembly(string Name, string Version, string From, bool Shared, string Because)
{
    /// <summary>Whose it is. Default the plugin's.</summary>
    public AssemblyOrigin Origin { get; init; } = Shared ? AssemblyOrigin.Host : AssemblyOrigin.Plugin;

    /// <summary>What is so of it. Default loaded.</summary>
    public AssemblyState State { get; init; }
}

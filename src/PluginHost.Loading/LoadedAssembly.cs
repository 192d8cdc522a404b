namespace PluginHost.Loading;

/// <summary>One row of a load report: an assembly that the plugin asked for and where it came from. Plain data.</summary>
/// <param name="Name">The simple name.</param>
/// <param name="Version">The version that was given, as text.</param>
/// <param name="From">The file it came from; empty where it has none.</param>
/// <param name="Shared">True where it is the host's own copy.</param>
/// <param name="Because">Why this file, in words.</param>
public sealed record LoadedAssembly(string Name, string Version, string From, bool Shared, string Because);

namespace PluginHost.Loading;

/// <summary>What a load found in a plugin's files, and found to fit: a later load of the same files is spared the search.</summary>
/// <param name="TypeName">The full name of the class marked <see cref="Contracts.PluginAttribute"/>.</param>
/// <param name="Constructor">The metadata token of its constructor in the entry assembly.</param>
public sealed record PluginEntry(string TypeName, int Constructor);

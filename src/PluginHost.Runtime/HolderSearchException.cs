namespace PluginHost.Runtime;

/// <summary>What holds a plugin could not be looked for. The message says why and what to do.</summary>
internal sealed class HolderSearchException(string message) : Exception(message);

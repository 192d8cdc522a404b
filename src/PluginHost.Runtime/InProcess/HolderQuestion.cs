using PluginHost.Loading.Unloading;

namespace PluginHost.Runtime.InProcess;

/// <summary>Asks what still holds a generation that a forced proof found in memory. Refers to nothing of the plugin.</summary>
/// <param name="PluginId">The plugin.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Folder">The folder that it was loaded from.</param>
/// <param name="Unloading">Watches it go.</param>
internal sealed record HolderQuestion(string PluginId, int Generation, string Folder, ContextUnloading Unloading);

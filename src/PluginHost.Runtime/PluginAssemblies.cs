using PluginHost.Contracts.Faults;
using PluginHost.Loading;

namespace PluginHost.Runtime;

/// <summary>The load report of a plugin, wherever it runs. Reads its files; runs nothing of it.</summary>
internal static class PluginAssemblies
{
    /// <summary>Reads it.</summary>
    /// <param name="plugin">The plugin; one that is a program, or has no copy in the store, has none.</param>
    /// <param name="loaded">What its load context in this process has given; empty where it has none.</param>
    /// <param name="tier">Where it runs; null for nowhere, and then as in a worker.</param>
    public static AssemblyReport Of(SupervisedPlugin plugin, IReadOnlyList<LoadedAssembly> loaded, PluginTier? tier) =>
        plugin is { Folder: { } folder, Manifest.Entry: { } entry }
            ? AssemblyReport.Read(
                new LoadOptions { PluginId = plugin.Id, Folder = folder, EntryAssembly = entry, Shared = new SharedAssemblies(plugin.SharedAssemblies) },
                loaded,
                inWorker: tier != PluginTier.InProcess)
            : AssemblyReport.Nothing;
}

using System.Reflection;

namespace PluginHost.Loading;

/// <summary>Where one assembly that a plugin asks for comes from.</summary>
/// <param name="Origin">Whose it is.</param>
/// <param name="Path">The file to load for the plugin alone; null where it gets what all get.</param>
/// <param name="Because">Why, in words.</param>
internal readonly record struct AssemblyChoice(AssemblyOrigin Origin, string? Path, string Because);

/// <summary>
/// Decides where each assembly of a plugin comes from: host-owned ones from the host, then the plugin's own files, then the frameworks. The load
/// context goes by it, and the report of what a plugin would load. Thread-safe.
/// </summary>
/// <param name="files">The plugin's own files.</param>
/// <param name="shared">The host's.</param>
/// <param name="frameworks">The frameworks'.</param>
/// <param name="copiesKeepers">True for a plugin that can be unloaded: it gets copies of its own of what would keep its types.</param>
internal sealed class AssemblyRules(PluginFiles files, SharedAssemblies shared, HostFrameworks frameworks, bool copiesKeepers)
{
    /// <summary>Decides.</summary>
    /// <param name="name">What was asked for; with a culture it is a satellite.</param>
    /// <returns>Null where nobody has it.</returns>
    public AssemblyChoice? Choose(AssemblyName name)
    {
        bool isSatellite = !string.IsNullOrEmpty(name.CultureName);
        (string Path, string Because)? own = files.FindAssembly(name);
        if (!isSatellite && shared.Contains(name.Name!))
        {
            return new AssemblyChoice(AssemblyOrigin.Host, null, own is null
                ? "the host's: on the list of shared assemblies"
                : $"the host's: on the list of shared assemblies; the plugin's own copy {Path.GetFileName(own.Value.Path)} was not loaded");
        }

        if (own is { } file)
        {
            return new AssemblyChoice(AssemblyOrigin.Plugin, file.Path, file.Because);
        }

        if (!isSatellite && copiesKeepers && FrameworkCopies.Find(name.Name!, files.Folder, shared) is { } copy)
        {
            return new AssemblyChoice(AssemblyOrigin.Framework, copy, "private: a copy of the framework's, which would keep the plugin's types in memory");
        }

        return !isSatellite && frameworks.FrameworkOf(name.Name!) is { } framework
            ? new AssemblyChoice(AssemblyOrigin.Framework, null, $"shared: one of {framework}, which every plugin gets")
            : null;
    }
}

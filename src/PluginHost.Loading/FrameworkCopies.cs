using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace PluginHost.Loading;

/// <summary>
/// Some assemblies of the framework keep every type that they have seen for ever, and offer no way to make them forget. A plugin that can be unloaded gets
/// a copy of its own of those: it is unloaded with the plugin. Only where no type of theirs can meet one of the shared copy. Thread-safe.
/// </summary>
internal static class FrameworkCopies
{
    private const int MostRemembered = 1024;

    // What they keep: TypeDescriptor's providers of each type; the binder's symbol table of each type that a `dynamic` has met.
    private static readonly FrozenSet<string> s_keepers = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "System.ComponentModel.TypeConverter", "Microsoft.CSharp");
    private static readonly ConcurrentDictionary<string, FrozenSet<string>> s_references = new(StringComparer.Ordinal);

    // None where the framework is not in files of its own: then nothing can be copied.
    private static readonly string s_framework = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "";

    /// <summary>Decides for one assembly that a plugin has asked for.</summary>
    /// <param name="name">Its simple name.</param>
    /// <param name="folder">The plugin's folder.</param>
    /// <param name="shared">What the plugin gets from the host.</param>
    /// <returns>The file to load for this plugin alone; null where it gets the framework's as all do.</returns>
    public static string? Find(string name, string folder, SharedAssemblies shared)
    {
        if (!s_keepers.Contains(name) || FileOf(name) is not { } file || shared.Any(path => References(path).Contains(name)))
        {
            return null;
        }

        // Another assembly of the framework that takes or gives types of it takes and gives those of the shared copy.
        IEnumerable<string> asked = Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories).SelectMany(References).Distinct(StringComparer.OrdinalIgnoreCase);
        return asked.Any(other => !s_keepers.Contains(other) && FileOf(other) is { } theirs && References(theirs).Contains(name)) ? null : file;
    }

    private static string? FileOf(string name) =>
        s_framework.Length > 0 && Path.Combine(s_framework, $"{name}.dll") is var file && File.Exists(file) ? file : null;

    /// <summary>The simple names that an assembly's file refers to; none where it is no assembly.</summary>
    private static FrozenSet<string> References(string path)
    {
        if (s_references.TryGetValue(path, out FrozenSet<string>? known))
        {
            return known;
        }

        if (s_references.Count >= MostRemembered)
        {
            // Versions of plugins come and go.
            s_references.Clear();
        }

        return s_references[path] = Read(path);
    }

    private static FrozenSet<string> Read(string path)
    {
        try
        {
            using AssemblyImage image = AssemblyImage.Open(path);
            return image.References.Select(r => r.Name!).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        }
        catch (BadImageFormatException)
        {
            // A native library: it refers to no assembly.
            return [];
        }
    }
}

using System.Reflection;
using System.Runtime.Loader;

namespace PluginHost.Loading;

/// <summary>
/// A plugin's load context: host-owned assemblies from the default context by name only, framework assemblies from the host, everything else
/// from the plugin's own files. Keeps a report of what it gave. Thread-safe.
/// </summary>
internal sealed class PluginLoadContext : AssemblyLoadContext
{
    private readonly PluginFiles _files;
    private readonly SharedAssemblies _shared;
    private readonly List<LoadedAssembly> _report = [];
    private readonly Lock _lock = new();

    public PluginLoadContext(string name, PluginFiles files, SharedAssemblies shared, bool collectible)
        : base(name, collectible)
    {
        _files = files;
        _shared = shared;
    }

    /// <summary>What was given so far; a copy.</summary>
    public IReadOnlyList<LoadedAssembly> Report
    {
        get
        {
            lock (_lock)
            {
                return [.. _report];
            }
        }
    }

    /// <summary>Loads the entry assembly.</summary>
    public Assembly LoadEntry(string path)
    {
        Assembly assembly = LoadFromAssemblyPath(path);
        Note(assembly, path, shared: false, "the manifest's entry");
        return assembly;
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string name = assemblyName.Name!;
        bool isSatellite = !string.IsNullOrEmpty(assemblyName.CultureName);
        (string Path, string Because)? own = _files.FindAssembly(assemblyName);
        if (!isSatellite && _shared.Contains(name))
        {
            Assembly shared = _shared.Load(name);
            Note(shared, shared.Location, shared: true, own is null
                ? "the host's: on the list of shared assemblies"
                : $"the host's: on the list of shared assemblies; the plugin's own copy {Path.GetFileName(own.Value.Path)} was not loaded");
            return shared;
        }

        if (own is { } file)
        {
            Assembly assembly = LoadFromAssemblyPath(file.Path);
            Note(assembly, file.Path, shared: false, file.Because);
            return assembly;
        }

        if (!isSatellite && IsCollectible && FrameworkCopies.Find(name, _files.Folder, _shared) is { } copy)
        {
            Assembly assembly = LoadFromAssemblyPath(copy);
            Note(assembly, copy, shared: false, "private: a copy of the framework's, which would keep the plugin's types in memory");
            return assembly;
        }

        if (isSatellite || HostFrameworks.Current.Contains(name))
        {
            return null;
        }

        // Falling back to the default context would bind the plugin to libraries that the application happens to have.
        throw new FileNotFoundException($"'{assemblyName}' is neither in the plugin's folder nor shared by the host.", assemblyName.FullName);
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _files.FindNative(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

    private void Note(Assembly assembly, string from, bool shared, string because)
    {
        AssemblyName name = assembly.GetName();
        lock (_lock)
        {
            _report.Add(new LoadedAssembly(name.Name!, name.Version?.ToString() ?? "", from, shared, because));
        }
    }
}

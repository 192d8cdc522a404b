using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;

namespace PluginHost.Loading;

/// <summary>
/// The closed list of assemblies that a plugin gets from the host, by simple name: one type identity on both sides.
/// PluginHost.Contracts and Microsoft.Extensions.Logging.Abstractions, with what it reaches, are always on it. Thread-safe.
/// </summary>
public sealed class SharedAssemblies
{
    private static readonly Assembly[] s_always = [typeof(IPluginContext).Assembly, typeof(ILogger).Assembly];

    // What the logging abstractions reach and the framework does not have, such as the abstractions of dependency injection. Looked for when a name is
    // asked for that is not on the list.
    private static readonly Lazy<string[]> s_reached = new(() =>
        [.. typeof(ILogger).Assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => !HostFrameworks.Current.Contains(n))]);

    private readonly Dictionary<string, string?> _paths = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Assembly> _loaded = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();

    /// <summary>Creates a list of files.</summary>
    /// <param name="paths">Simple names to full paths of the host's own copies. Default none beyond those always shared.</param>
    /// <param name="loaded">Assemblies of the default context to share beside them. Default none.</param>
    public SharedAssemblies(IEnumerable<KeyValuePair<string, string>>? paths = null, IEnumerable<Assembly>? loaded = null)
    {
        foreach (Assembly assembly in s_always)
        {
            Add(assembly);
        }

        foreach (Assembly assembly in loaded ?? [])
        {
            Add(assembly);
        }

        foreach ((string name, string path) in paths ?? [])
        {
            _paths.TryAdd(name, path);
        }
    }

    /// <summary>The simple names on the list.</summary>
    public IReadOnlyCollection<string> Names => [.. _paths.Keys.Union(s_reached.Value, StringComparer.OrdinalIgnoreCase)];

    /// <summary>Whether a simple name is on the list.</summary>
    public bool Contains(string simpleName) => _paths.ContainsKey(simpleName) || IsReached(simpleName);

    /// <summary>Gives the host's assembly, loading it into the default context where it is not there yet. The version is not looked at.</summary>
    /// <param name="simpleName">A name on the list.</param>
    /// <exception cref="KeyNotFoundException">The name is not on the list.</exception>
    /// <exception cref="IOException">The host's own file is missing or cannot be loaded.</exception>
    /// <exception cref="BadImageFormatException">The host's own file is no assembly.</exception>
    public Assembly Load(string simpleName)
    {
        lock (_lock)
        {
            if (!_loaded.TryGetValue(simpleName, out Assembly? assembly))
            {
                string? path = null;
                if (!_paths.TryGetValue(simpleName, out path) && !IsReached(simpleName))
                {
                    throw new KeyNotFoundException($"'{simpleName}' is not shared by the host.");
                }

                assembly = Find(simpleName, path);
                _loaded.Add(simpleName, assembly);
            }

            return assembly;
        }
    }

    /// <summary>The host's file of a name on the list, and its version as text, without loading it; empty where it has none.</summary>
    internal (string Path, string Version) Locate(string simpleName)
    {
        lock (_lock)
        {
            if (_loaded.TryGetValue(simpleName, out Assembly? assembly))
            {
                return (assembly.Location, assembly.GetName().Version?.ToString() ?? "");
            }

            string path = _paths.GetValueOrDefault(simpleName) ?? HostFrameworks.Current.PathOf(simpleName) ?? "";
            return (path, HostFrameworks.VersionOf(path));
        }
    }

    /// <summary>Whether a file of one that is on the list is as asked for; what the list's own assemblies reach is not looked at.</summary>
    internal bool Any(Func<string, bool> file)
    {
        string[] paths;
        lock (_lock)
        {
            paths = [.. _paths.Values.OfType<string>(), .. _loaded.Values.Select(a => a.Location).Where(l => l.Length > 0)];
        }

        return paths.Distinct(StringComparer.Ordinal).Any(file);
    }

    private static bool IsReached(string simpleName) => s_reached.Value.Contains(simpleName, StringComparer.OrdinalIgnoreCase);

    private static Assembly Find(string simpleName, string? path)
    {
        Assembly? present = AssemblyLoadContext.Default.Assemblies.FirstOrDefault(
            a => string.Equals(a.GetName().Name, simpleName, StringComparison.OrdinalIgnoreCase));
        return present ?? (path is null
            ? AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(simpleName))
            : AssemblyLoadContext.Default.LoadFromAssemblyPath(path));
    }

    private void Add(Assembly assembly)
    {
        string name = assembly.GetName().Name!;
        _paths[name] = null;
        _loaded[name] = assembly;
    }
}

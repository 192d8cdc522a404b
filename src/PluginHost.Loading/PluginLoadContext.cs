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
    private readonly AssemblyRules _rules;
    private readonly Action<LoadedAssembly>? _loadedOutside;
    private readonly List<LoadedAssembly> _report = [];
    private readonly Dictionary<string, string> _framework = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock _lock = new();

    public PluginLoadContext(LoadOptions options, PluginFiles files)
        : base(options.PluginId, options.Collectible)
    {
        _files = files;
        _shared = options.Shared;
        _rules = new AssemblyRules(files, options.Shared, HostFrameworks.Current, copiesKeepers: options.Collectible);
        _loadedOutside = options.LoadedOutside;
        Folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Folder));
        if (_loadedOutside is not null)
        {
            OutsideLoads.Watch(this);
        }
    }

    /// <summary>The plugin's folder, a full path.</summary>
    public string Folder { get; }

    /// <summary>
    /// What was given so far, what the plugin's own code loaded into this context, and what it loaded outside of it in the life of this process; a copy.
    /// </summary>
    public IReadOnlyList<LoadedAssembly> Report
    {
        get
        {
            lock (_lock)
            {
                return [.. _report, .. LoadedByItself_NeedsLock(), .. Framework_NeedsLock(), .. OutsideLoads.Of(Name!)];
            }
        }
    }

    /// <summary>Loads the entry assembly.</summary>
    public Assembly LoadEntry(string path)
    {
        Assembly assembly = LoadFromAssemblyPath(path);
        Note(assembly, path, AssemblyOrigin.Plugin, "the manifest's entry");
        return assembly;
    }

    /// <summary>Hears of an assembly that the plugin's code loaded outside this context.</summary>
    public void TellOutside(LoadedAssembly assembly) => _loadedOutside?.Invoke(assembly);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string name = assemblyName.Name!;
        switch (_rules.Choose(assemblyName))
        {
            case { Origin: AssemblyOrigin.Host } choice:
                Assembly shared = _shared.Load(name);
                Note(shared, shared.Location, AssemblyOrigin.Host, choice.Because);
                return shared;

            case { Path: { } path } choice:
                Assembly own = LoadFromAssemblyPath(path);
                Note(own, path, choice.Origin, choice.Because);
                return own;

            case { } choice:
                lock (_lock)
                {
                    _framework.TryAdd(name, choice.Because);
                }

                return null;

            case null when !string.IsNullOrEmpty(assemblyName.CultureName):
                return null;

            default:
                // Falling back to the default context would bind the plugin to libraries that the application happens to have.
                throw new FileNotFoundException($"'{assemblyName}' is neither in the plugin's folder nor shared by the host.", assemblyName.FullName);
        }
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _files.FindNative(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

    private void Note(Assembly assembly, string from, AssemblyOrigin origin, string because)
    {
        AssemblyName name = assembly.GetName();
        LoadedAssembly row = new(name.Name!, name.Version?.ToString() ?? "", from, origin == AssemblyOrigin.Host, because) { Origin = origin };
        lock (_lock)
        {
            // Asked for again in another version, the same one is given.
            if (!_report.Contains(row))
            {
                _report.Add(row);
            }
        }
    }

    private IEnumerable<LoadedAssembly> LoadedByItself_NeedsLock() =>
        from assembly in Assemblies
        let name = assembly.GetName()
        where !_report.Exists(r => r.Name == name.Name && r.Version == name.Version?.ToString())
        select new LoadedAssembly(
            name.Name ?? "", name.Version?.ToString() ?? "", assembly.IsDynamic ? "" : assembly.Location, Shared: false, "private: loaded by the plugin's own code into its load context");

    private IEnumerable<LoadedAssembly> Framework_NeedsLock()
    {
        foreach ((string name, string because) in _framework)
        {
            yield return HostFrameworks.Current.Row(name, because, AssemblyState.Loaded);
        }
    }
}

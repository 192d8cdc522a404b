namespace PluginHost.Loading;

/// <summary>The shared frameworks that a process runs on, and their assemblies: what a plugin gets without shipping it. Immutable.</summary>
internal sealed class HostFrameworks
{
    /// <summary>The framework that every .NET process has.</summary>
    public const string BaseFramework = "Microsoft.NETCore.App";

    // Simple names to their files, and to the framework that has them.
    private readonly Dictionary<string, (string Path, string Framework)> _assemblies = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _application = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _frameworkFiles = new(StringComparer.Ordinal);
    private readonly HashSet<string> _files;

    /// <summary>Reads what a process was given.</summary>
    /// <param name="trustedPlatformAssemblies">The files that it resolves by name, joined as the host gives them.</param>
    /// <param name="runtime">The runtime's version.</param>
    /// <param name="isSingleFile">True where the application's assemblies are bundled into its program.</param>
    internal HostFrameworks(string trustedPlatformAssemblies, Version runtime, bool isSingleFile = false)
    {
        IsSingleFile = isSingleFile;
        Dictionary<string, Version> versions = new(StringComparer.OrdinalIgnoreCase) { [BaseFramework] = runtime };
        string[] files = trustedPlatformAssemblies.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        foreach (string path in files)
        {
            string name = Path.GetFileNameWithoutExtension(path);

            // <root>/shared/<framework>/<version>/<assembly>.dll
            string[] parts = path.Split(Path.DirectorySeparatorChar);
            if (parts.Length > 4 && parts[^4] == "shared")
            {
                _assemblies.TryAdd(name, (path, parts[^3]));
                _frameworkFiles.Add(path);
                versions.TryAdd(parts[^3], ParseVersion(parts[^2]) ?? runtime);
            }
            else
            {
                _application.TryAdd(name, path);
            }
        }

        if (_assemblies.Count == 0)
        {
            // A self-contained application keeps the framework among its own files: the two cannot be told apart.
            foreach ((string name, string path) in _application)
            {
                _assemblies.Add(name, (path, BaseFramework));
                _frameworkFiles.Add(path);
            }

            _application.Clear();
        }

        Versions = versions;
        _files = new HashSet<string>(files, StringComparer.Ordinal);
    }

    /// <summary>This process's.</summary>
    public static HostFrameworks Current { get; } = new(
        AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "", Environment.Version, isSingleFile: typeof(HostFrameworks).Assembly.Location.Length == 0);

    /// <summary>Framework names and their versions.</summary>
    public IReadOnlyDictionary<string, Version> Versions { get; }

    /// <summary>True where the application's assemblies have no files of their own.</summary>
    public bool IsSingleFile { get; }

    /// <summary>What a worker of this process runs on: the base framework, and what its plugin asks for beyond.</summary>
    /// <param name="beyond">Folders of installed frameworks.</param>
    public HostFrameworks OfWorker(params IEnumerable<string> beyond) => new(
        string.Join(
            Path.PathSeparator,
            _assemblies.Values.Where(a => a.Framework == BaseFramework).Select(a => a.Path).Concat(beyond.SelectMany(folder => Directory.EnumerateFiles(folder, "*.dll")))),
        Versions[BaseFramework],
        IsSingleFile);

    /// <summary>Whether a simple name is one of the frameworks' assemblies.</summary>
    public bool Contains(string simpleName) => _assemblies.ContainsKey(simpleName);

    /// <summary>The framework and its version that have an assembly, such as <c>Microsoft.NETCore.App 10.0.0</c>; null where none has.</summary>
    public string? FrameworkOf(string simpleName) =>
        _assemblies.TryGetValue(simpleName, out (string Path, string Framework) found) ? $"{found.Framework} {Versions.GetValueOrDefault(found.Framework)}" : null;

    /// <summary>The file of one of the frameworks' assemblies, or of the application's own; null where there is none of that name.</summary>
    public string? PathOf(string simpleName) =>
        _assemblies.TryGetValue(simpleName, out (string Path, string Framework) found) ? found.Path : OfApplication(simpleName);

    /// <summary>The file of one of the application's own assemblies; null where it has none of that name.</summary>
    public string? OfApplication(string simpleName) => _application.GetValueOrDefault(simpleName);

    /// <summary>Whether a file is the frameworks' or one that the application was built with.</summary>
    public bool IsHosts(string path) => _files.Contains(path);

    /// <summary>Whether a file is one of the frameworks'.</summary>
    public bool IsFrameworks(string path) => _frameworkFiles.Contains(path);

    /// <summary>One of the frameworks' assemblies as a row of a report. Reads its file.</summary>
    public LoadedAssembly Row(string simpleName, string because, AssemblyState state)
    {
        string path = _assemblies.TryGetValue(simpleName, out (string Path, string Framework) found) ? found.Path : "";
        return new LoadedAssembly(simpleName, VersionOf(path), path, Shared: true, because) { Origin = AssemblyOrigin.Framework, State = state };
    }

    /// <summary>The version of an assembly's file as text; empty where it is none.</summary>
    public static string VersionOf(string path)
    {
        try
        {
            if (path.Length == 0)
            {
                return "";
            }

            using AssemblyImage image = AssemblyImage.Open(path);
            return image.Identity.Version;
        }
        catch (Exception unreadable) when (unreadable is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Reads a version, a pre-release tag cut off; null where it is none.</summary>
    public static Version? ParseVersion(string text)
    {
        int tag = text.AsSpan().IndexOfAny('-', '+');
        return Version.TryParse(tag < 0 ? text : text[..tag], out Version? version) ? version : null;
    }
}

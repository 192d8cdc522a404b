namespace PluginHost.Loading;

/// <summary>The shared frameworks that this process runs on, and their assemblies: what a plugin gets without shipping it.</summary>
internal sealed class HostFrameworks
{
    private const string BaseFramework = "Microsoft.NETCore.App";
    private readonly HashSet<string> _assemblies;

    internal HostFrameworks(string trustedPlatformAssemblies, Version runtime)
    {
        Dictionary<string, Version> versions = new(StringComparer.OrdinalIgnoreCase) { [BaseFramework] = runtime };
        List<string> all = [];
        List<string> framework = [];
        foreach (string path in trustedPlatformAssemblies.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            all.Add(name);

            // <root>/shared/<framework>/<version>/<assembly>.dll
            string[] parts = path.Split(Path.DirectorySeparatorChar);
            if (parts.Length > 4 && parts[^4] == "shared")
            {
                framework.Add(name);
                versions.TryAdd(parts[^3], ParseVersion(parts[^2]) ?? runtime);
            }
        }

        Versions = versions;

        // A self-contained application keeps the framework among its own files: the two cannot be told apart.
        _assemblies = new HashSet<string>(framework.Count > 0 ? framework : all, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>This process's.</summary>
    public static HostFrameworks Current { get; } =
        new(AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "", Environment.Version);

    /// <summary>Framework names and their versions.</summary>
    public IReadOnlyDictionary<string, Version> Versions { get; }

    /// <summary>Whether a simple name is one of the frameworks' assemblies.</summary>
    public bool Contains(string simpleName) => _assemblies.Contains(simpleName);

    /// <summary>Reads a version, a pre-release tag cut off; null where it is none.</summary>
    public static Version? ParseVersion(string text)
    {
        int tag = text.AsSpan().IndexOfAny('-', '+');
        return Version.TryParse(tag < 0 ? text : text[..tag], out Version? version) ? version : null;
    }
}

namespace PluginHost.Loading;

/// <summary>What to load and what the host shares with it. Immutable.</summary>
public sealed record LoadOptions
{
    /// <summary>The plugin's id: the load context's name and the subject of every message.</summary>
    public required string PluginId { get; init; }

    /// <summary>The folder that the plugin's files are read from; an absolute path. Its files must not change while they are in use.</summary>
    public required string Folder { get; init; }

    /// <summary>The entry assembly: a path relative to <see cref="Folder"/> that stays inside it, such as <c>Samples.Markdown.dll</c>.</summary>
    public required string EntryAssembly { get; init; }

    /// <summary>The host's own interfaces that the plugin's class must implement. Default none: then nothing is checked.</summary>
    public IReadOnlyList<Type> Contracts { get; init; } = [];

    /// <summary>The assemblies that the plugin gets from the host. Default: the ones that every plugin shares.</summary>
    public SharedAssemblies Shared { get; init; } = new();

    /// <summary>True for a context that can be unloaded; its code then never gets the faster tiers. Default true.</summary>
    public bool Collectible { get; init; } = true;

    /// <summary>
    /// Told of each assembly that the plugin's code loads outside its load context, on the thread that does; be quick. Default null: such loads are not looked for.
    /// </summary>
    public Action<LoadedAssembly>? LoadedOutside { get; init; }

    /// <summary>
    /// What an earlier load found in the very same files: they are not looked at again, but for the runtime's own reading. Default null: everything is checked.
    /// </summary>
    public PluginEntry? Known { get; init; }

    /// <summary>All problems of these options; empty where they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (string.IsNullOrWhiteSpace(PluginId))
        {
            problems.Add($"{nameof(PluginId)} is empty; expected the id of the plugin's manifest.");
        }

        if (!Path.IsPathFullyQualified(Folder))
        {
            problems.Add($"{nameof(Folder)} is '{Folder}'; expected an absolute path.");
        }
        else if (!IsInside(Folder, EntryAssembly))
        {
            problems.Add($"{nameof(EntryAssembly)} is '{EntryAssembly}'; expected the path of a file inside the plugin's folder.");
        }

        foreach (Type contract in Contracts.Where(c => !c.IsInterface))
        {
            problems.Add($"{nameof(Contracts)} names '{contract}'; expected an interface.");
        }

        return problems;
    }

    private static bool IsInside(string folder, string file)
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        return !string.IsNullOrWhiteSpace(file) && Path.GetFullPath(file, root).StartsWith(root, StringComparison.Ordinal);
    }
}

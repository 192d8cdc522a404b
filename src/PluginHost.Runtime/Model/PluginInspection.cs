using PluginHost.Loading;

namespace PluginHost.Runtime.Model;

/// <summary>Everything known of one plugin. Immutable.</summary>
public sealed record PluginInspection
{
    /// <summary>As it stands now.</summary>
    public required PluginStatus Status { get; init; }

    /// <summary>The manifest with the operator's overrides applied; null where it could not be read.</summary>
    public PluginManifest? Manifest { get; init; }

    /// <summary>Where it runs and why.</summary>
    public required Placement Placement { get; init; }

    /// <summary>The operator's folder.</summary>
    public required string SourceFolder { get; init; }

    /// <summary>The store's copy, which is what runs; null where it was not laid out.</summary>
    public string? StoreFolder { get; init; }

    /// <summary>The content's hash, as a policy rule names it in <c>sha256</c>; null where it was not laid out.</summary>
    public string? ContentHash { get; init; }

    /// <summary>The plugin's data folder.</summary>
    public string? DataFolder { get; init; }

    /// <summary>
    /// Its assemblies, where each comes from and why: those that its load context gave where it runs in-process, and those that its files would give.
    /// Empty for a program.
    /// </summary>
    public IReadOnlyList<LoadedAssembly> Assemblies { get; init; } = [];

    /// <summary>What a person should know of its assemblies.</summary>
    public IReadOnlyList<AssemblyProblem> AssemblyProblems { get; init; } = [];
}

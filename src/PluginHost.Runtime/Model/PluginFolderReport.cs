using PluginHost.Loading;

namespace PluginHost.Runtime.Model;

/// <summary>What a plugin's folder says of itself, read without running anything of it. Immutable.</summary>
public sealed record PluginFolderReport
{
    /// <summary>The folder, a full path.</summary>
    public required string Folder { get; init; }

    /// <summary>The manifest as its author wrote it; null where it may not be used.</summary>
    public PluginManifest? Manifest { get; init; }

    /// <summary>All that is wrong with its manifest.</summary>
    public IReadOnlyList<Problem> ManifestProblems { get; init; } = [];

    /// <summary>All that is wrong with its files: links, devices, too many.</summary>
    public IReadOnlyList<Problem> ContentProblems { get; init; } = [];

    /// <summary>The contracts that it names and the host lacks.</summary>
    public IReadOnlyList<Problem> ContractProblems { get; init; } = [];

    /// <summary>All that would keep its assemblies from being loaded here, in the order of a load; empty for a program.</summary>
    public IReadOnlyList<PluginLoadException> LoadProblems { get; init; } = [];

    /// <summary>The content's hash, as a policy rule names it in <c>sha256</c>; null where the files cannot be taken.</summary>
    public string? ContentHash { get; init; }

    /// <summary>Where the operator's policy places it; null where there is no manifest or no hash.</summary>
    public Placement? Placement { get; init; }

    /// <summary>Its assemblies where it would run; empty for a program.</summary>
    public AssemblyReport Assemblies { get; init; } = AssemblyReport.Nothing;

    /// <summary>The simple names that the host gives it in place of its own files.</summary>
    public IReadOnlyCollection<string> SharedAssemblies { get; init; } = [];
}

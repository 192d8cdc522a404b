using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Catalog;

/// <summary>One plugin folder as found: its manifest, or why it has none. Immutable.</summary>
internal sealed record CatalogEntry
{
    /// <summary>The folder's full path.</summary>
    public required string Folder { get; init; }

    /// <summary>The manifest; null where it could not be read or may not be used.</summary>
    public required PluginManifest? Manifest { get; init; }

    /// <summary>The id the manifest claims, for people, also where it is refused; null where none could be read.</summary>
    public required string? ClaimedId { get; init; }

    /// <summary>All that is wrong; empty where <see cref="Manifest"/> is set.</summary>
    public required IReadOnlyList<Problem> Problems { get; init; }
}

/// <summary>What a plugins directory holds. Immutable.</summary>
/// <param name="Directory">The directory's full path.</param>
/// <param name="Entries">Its plugin folders in ordinal order of their names.</param>
/// <param name="Problems">What is wrong with the directory itself.</param>
internal sealed record CatalogResult(string Directory, IReadOnlyList<CatalogEntry> Entries, IReadOnlyList<Problem> Problems);

/// <summary>One manifest as read.</summary>
/// <param name="Manifest">The manifest; null where anything is wrong.</param>
/// <param name="ClaimedId">The id it claims, where one could be read.</param>
/// <param name="Problems">Everything that is wrong.</param>
internal sealed record ManifestResult(PluginManifest? Manifest, string? ClaimedId, IReadOnlyList<Problem> Problems);

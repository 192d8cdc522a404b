using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Store;

/// <summary>A plugin's folder as the store holds it: what was checked is what runs. Immutable.</summary>
internal sealed record StoredPlugin
{
    /// <summary>The operator's folder it was taken from.</summary>
    public required string Source { get; init; }

    /// <summary>The store's folder, full path.</summary>
    public required string Folder { get; init; }

    /// <summary>The content hash: 64 lower-case hexadecimal digits.</summary>
    public required string ContentHash { get; init; }

    /// <summary>The manifest, read from the store's copy.</summary>
    public required PluginManifest Manifest { get; init; }

    /// <summary>Its files, in the order of the content hash.</summary>
    public required IReadOnlyList<StoredFile> Files { get; init; }
}

/// <summary>One file of a plugin.</summary>
/// <param name="Path">The path inside the folder, with <c>/</c>.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Sha256">Its SHA-256: 64 lower-case hexadecimal digits.</param>
internal sealed record StoredFile(string Path, long Length, string Sha256);

/// <summary>How laying out a plugin went.</summary>
/// <param name="Plugin">The plugin; null where anything is wrong.</param>
/// <param name="Problems">All that is wrong.</param>
internal sealed record StoreResult(StoredPlugin? Plugin, IReadOnlyList<Problem> Problems);

/// <summary>How much the store takes of one plugin.</summary>
/// <param name="Entries">The most files and folders. Default 10,000.</param>
/// <param name="Bytes">The most bytes of all files. Default 1 GiB.</param>
internal sealed record StoreLimits(int Entries = 10_000, long Bytes = 1L << 30);

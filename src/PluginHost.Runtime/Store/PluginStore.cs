using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Catalog;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Store;

/// <summary>
/// The content-addressed store that plugins run from: <c>store/HASH/</c> holds a plugin's folder as it was when it was hashed, whatever happens
/// to the operator's folder later. Thread-safe; one call at a time does its work.
/// </summary>
internal sealed class PluginStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredPlugin> _laid = new(StringComparer.Ordinal);
    private readonly HashSet<string> _proven = new(StringComparer.Ordinal);
    private readonly string _root;
    private readonly string _staging;
    private readonly StoreLimits _limits;
    private readonly ILogger<PluginStore> _logger;
    private readonly BlobArea _blobs;

    /// <summary>Opens the store of a state folder, and removes what an earlier host left half done.</summary>
    /// <exception cref="IOException">Its folders cannot be created.</exception>
    public PluginStore(StateFolder state, ILogger<PluginStore> logger, StoreLimits? limits = null)
    {
        _root = state.Store;
        _staging = Path.Combine(_root, "staging");
        _limits = limits ?? new();
        _logger = logger;
        var blobs = Path.Combine(_root, "blobs");
        if (Directory.Exists(_staging))
        {
            Directory.Delete(_staging, recursive: true);
        }

        Directory.CreateDirectory(_staging);
        Directory.CreateDirectory(blobs);
        _blobs = new(blobs, _staging);
    }

    /// <summary>Gives the store's copy of a plugin's folder, taken in the first time it is asked for in this store's life.</summary>
    /// <param name="folder">The operator's folder.</param>
    public StoreResult Lay(string folder)
    {
        var source = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        lock (_gate)
        {
            return _laid.TryGetValue(source, out var laid) ? new(laid, []) : Take_NeedsLock(source);
        }
    }

    /// <summary>Takes the folder in as it is now: for a reload. Earlier copies stay until <see cref="Collect"/>.</summary>
    /// <param name="folder">The operator's folder.</param>
    public StoreResult LayAgain(string folder)
    {
        lock (_gate)
        {
            return Take_NeedsLock(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        }
    }

    /// <summary>Removes copies that are not named, and files that no copy links to any more. Gives the number of copies removed.</summary>
    /// <param name="keep">Content hashes to keep: of every generation that still runs.</param>
    public int Collect(IReadOnlySet<string> keep)
    {
        lock (_gate)
        {
            var unused = Directory.GetDirectories(_root).Where(path => IsHash(Path.GetFileName(path)) && !keep.Contains(Path.GetFileName(path))).ToList();
            foreach (var folder in unused)
            {
                Remove_NeedsLock(folder);
            }

            _blobs.Collect();
            Log.Collected(_logger, unused.Count);
            return unused.Count;
        }
    }

    private StoreResult Take_NeedsLock(string source)
    {
        var problems = new List<Problem>();
        try
        {
            var paths = FolderWalk.Files(source, _limits, problems);
            if (problems.Count > 0)
            {
                return new(null, problems);
            }

            if (Files(source, paths, problems, takeIn: false) is not { } seen)
            {
                return new(null, problems);
            }

            var files = IsThere_NeedsLock(seen) ? seen : LayOut_NeedsLock(source, paths, problems);
            return files is null ? new(null, problems) : Accept_NeedsLock(source, files);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(null, [new(source, $"the plugin cannot be taken into the store '{_root}': {error.Message}")]);
        }
    }

    /// <summary>Hashes a folder's files; where asked to, takes them in and hashes what is kept. Null, and problems, where one cannot be read.</summary>
    private List<StoredFile>? Files(string folder, List<string> paths, List<Problem> problems, bool takeIn)
    {
        var files = new List<StoredFile>(paths.Count);
        var left = _limits.Bytes;
        foreach (var path in paths)
        {
            var full = Path.Combine(folder, path);
            using var stream = PlainFile.Open(full, out var problem);
            if (stream is null)
            {
                problems.Add(new(full, problem!));
                return null;
            }

            var (length, hash) = takeIn ? _blobs.TakeIn(stream, left) : ContentHash.Digest(stream, null, left);
            left -= length;
            if (left < 0)
            {
                problems.Add(new(folder, string.Create(CultureInfo.InvariantCulture, $"the plugin's files have more than {Quantities.Size(_limits.Bytes)}, the most that is taken. Remove those it does not need.")));
                return null;
            }

            files.Add(new(path, length, hash));
        }

        return files;
    }

    /// <summary>Whether the store has this content; what an earlier host left is hashed again before it is believed.</summary>
    private bool IsThere_NeedsLock(List<StoredFile> files)
    {
        var hash = ContentHash.Of(files);
        var folder = Path.Combine(_root, hash);
        if (!Directory.Exists(folder))
        {
            return false;
        }

        if (_proven.Contains(hash))
        {
            return true;
        }

        var problems = new List<Problem>();
        var paths = FolderWalk.Files(folder, _limits, problems);
        if (problems.Count == 0 && Files(folder, paths, problems, takeIn: false) is { } there && there.SequenceEqual(files))
        {
            return true;
        }

        Log.Damaged(_logger, folder);
        Remove_NeedsLock(folder);
        return false;
    }

    /// <summary>Takes the files in and links them into a folder, which gets its name when it is whole.</summary>
    private List<StoredFile>? LayOut_NeedsLock(string source, List<string> paths, List<Problem> problems)
    {
        if (Files(source, paths, problems, takeIn: true) is not { } files)
        {
            return null;
        }

        var hash = ContentHash.Of(files);
        if (IsThere_NeedsLock(files))
        {
            return files;
        }

        var staged = Path.Combine(_staging, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(staged);
        foreach (var file in files)
        {
            var path = Path.Combine(staged, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _blobs.LinkTo(file.Sha256, path);
        }

        Directory.Move(staged, Path.Combine(_root, hash));
        Log.LaidOut(_logger, source, hash, files.Count);
        return files;
    }

    private StoreResult Accept_NeedsLock(string source, List<StoredFile> files)
    {
        var hash = ContentHash.Of(files);
        var folder = Path.Combine(_root, hash);
        _proven.Add(hash);
        var read = ManifestReader.Read(folder);
        if (read.Manifest is null)
        {
            // People know the plugin by their own folder, not by the store's.
            return new(null, [.. read.Problems.Select(p => p with { File = Path.Combine(source, Path.GetRelativePath(folder, p.File)) })]);
        }

        var plugin = new StoredPlugin { Source = source, Folder = folder, ContentHash = hash, Manifest = read.Manifest, Files = files };
        _laid[source] = plugin;
        return new(plugin, []);
    }

    /// <summary>Removes a copy so that no half of it is ever seen under its name.</summary>
    private void Remove_NeedsLock(string folder)
    {
        var hash = Path.GetFileName(folder);
        _proven.Remove(hash);
        foreach (var source in _laid.Where(l => l.Value.ContentHash == hash).Select(l => l.Key).ToList())
        {
            _laid.Remove(source);
        }

        var aside = Path.Combine(_staging, Guid.NewGuid().ToString("n"));
        Directory.Move(folder, aside);
        Directory.Delete(aside, recursive: true);
    }

    private static bool IsHash(string name) => name.Length == 64 && name.All(char.IsAsciiHexDigitLower);
}

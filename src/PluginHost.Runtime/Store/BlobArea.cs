using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Store;

/// <summary>
/// The files of all plugins, each once, named by their hash. Files enter by copy, never by a link to the operator's: a later write there would
/// change what runs, and a shortened assembly would kill the host. Only within the store are they linked. Not thread-safe.
/// </summary>
internal sealed class BlobArea
{
    private readonly HashSet<string> _proven = new(StringComparer.Ordinal);
    private readonly string _folder;
    private readonly string _staging;

    /// <summary>Creates one over two folders of one file system; both exist.</summary>
    public BlobArea(string folder, string staging)
    {
        _folder = folder;
        _staging = staging;
    }

    /// <summary>Whether a file of this hash was written by this host itself: older ones are not believed.</summary>
    public bool IsProven(string sha256) => _proven.Contains(sha256);

    /// <summary>Copies a file in and hashes what is written.</summary>
    /// <param name="source">The file, at its start.</param>
    /// <param name="most">Where it is longer, nothing is kept and the length is above this.</param>
    public (long Length, string Sha256) TakeIn(Stream source, long most)
    {
        var staged = Path.Combine(_staging, Guid.NewGuid().ToString("n"));
        try
        {
            (long Length, string Sha256) taken;
            using (var copy = new FileStream(staged, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0))
            {
                taken = ContentHash.Digest(source, copy, most);
            }

            if (taken.Length <= most && !IsProven(taken.Sha256))
            {
                OwnFiles.MakeReadOnly(staged);
                File.Move(staged, PathOf(taken.Sha256), overwrite: true);
                _proven.Add(taken.Sha256);
            }

            return taken;
        }
        finally
        {
            File.Delete(staged);
        }
    }

    /// <summary>Gives a proven file another name; a copy where the file system has no links or the file has too many.</summary>
    public void LinkTo(string sha256, string path)
    {
        if (!OwnFiles.TryLink(PathOf(sha256), path))
        {
            File.Copy(PathOf(sha256), path);
            OwnFiles.MakeReadOnly(path);
        }
    }

    /// <summary>Removes the files that have no other name.</summary>
    public void Collect()
    {
        foreach (var file in Directory.EnumerateFiles(_folder))
        {
            if (FileFacts.Of(file) is { Links: 1 })
            {
                File.Delete(file);
                _proven.Remove(Path.GetFileName(file));
            }
        }
    }

    private string PathOf(string sha256) => Path.Combine(_folder, sha256);
}

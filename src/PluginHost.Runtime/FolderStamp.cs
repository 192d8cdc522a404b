using PluginHost.Runtime.Catalog;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime;

/// <summary>What can be seen of a plugin's folder without reading its files: enough to know that something changed. Two are equal where nothing has.</summary>
/// <param name="Manifest">Of its plugin.json; 0 where there is none.</param>
/// <param name="Files">Of all its files.</param>
internal readonly record struct FolderStamp(long Manifest, long Files)
{
    private const int MostFiles = 20_000;
    private static readonly EnumerationOptions s_all = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>Of a folder as it is now; null where it changes while it is looked at.</summary>
    public static FolderStamp? Of(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return default(FolderStamp);
        }

        try
        {
            HashCode files = default;
            foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles("*", s_all).Take(MostFiles).OrderBy(f => f.FullName, StringComparer.Ordinal))
            {
                Add(ref files, file);
            }

            return new FolderStamp(ManifestOf(folder), files.ToHashCode());
        }
        catch (DirectoryNotFoundException)
        {
            return default(FolderStamp);
        }
        catch (Exception changing) when (changing is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Of a folder's plugin.json alone, as <see cref="Manifest"/>: cheap.</summary>
    /// <exception cref="IOException">It changes while it is looked at.</exception>
    public static long ManifestOf(string folder)
    {
        FileInfo file = new(Path.Combine(folder, ManifestReader.FileName));
        if (!file.Exists)
        {
            return 0;
        }

        HashCode manifest = default;
        Add(ref manifest, file);
        return manifest.ToHashCode();
    }

    // Its number and the time that nobody can set tell a file that was put in its place apart, whatever its own times say.
    private static void Add(ref HashCode hash, FileInfo file)
    {
        hash.Add(file.FullName, StringComparer.Ordinal);
        hash.Add(file.Length);
        hash.Add(file.LastWriteTimeUtc.Ticks);
        FileFacts facts = FileFacts.Of(file.FullName) ?? throw new IOException($"'{file.FullName}' has gone while it was looked at.");
        hash.Add(facts.Inode);
        hash.Add(facts.ChangedAt);
    }
}

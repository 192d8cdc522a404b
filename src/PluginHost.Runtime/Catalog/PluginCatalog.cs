using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Catalog;

/// <summary>
/// Finds the plugins of a directory: one subfolder each, read by itself, so that a bad plugin never stops the others. Subfolders without a
/// <c>plugin.json</c> and hidden ones are no plugins. An id that several folders claim is refused to all of them: nobody gains by claiming
/// another's id.
/// </summary>
internal static class PluginCatalog
{
    /// <summary>The most plugin folders that are read.</summary>
    public const int MaxPlugins = 10_000;

    /// <summary>Reads every plugin folder by itself. Never throws for what is in the directory.</summary>
    /// <param name="directory">The plugins directory; relative ones are of the current directory.</param>
    public static CatalogResult Scan(string directory)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        var folders = Subfolders(full, out var problem);
        if (problem is not null)
        {
            return new(full, [], [problem]);
        }

        var entries = folders.Select(folder => Read(full, folder)).OfType<CatalogEntry>().ToList();
        return new(full, RefuseSharedIds(entries), []);
    }

    private static List<string> Subfolders(string directory, out Problem? problem)
    {
        problem = null;
        try
        {
            var folders = Directory.EnumerateFileSystemEntries(directory).Where(path => Path.GetFileName(path)[0] != '.' && Directory.Exists(path))
                .Take(MaxPlugins + 1).Order(StringComparer.Ordinal).ToList();
            if (folders.Count > MaxPlugins)
            {
                problem = new(directory, $"the plugins directory has more than {MaxPlugins} subfolders. Name the directory that holds the plugins.");
            }

            return folders;
        }
        catch (DirectoryNotFoundException)
        {
            problem = new(directory, "the plugins directory does not exist. Create it, or name the directory whose subfolders are the plugins.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = new(directory, $"the plugins directory cannot be read: {error.Message}");
        }

        return [];
    }

    private static CatalogEntry? Read(string directory, string folder)
    {
        if (FileFacts.Of(folder)?.Kind == FileKind.Link)
        {
            return LinkProblem(directory, folder) is { } problem ? Refused(folder, null, [problem]) : null;
        }

        if (FileFacts.Of(Path.Combine(folder, ManifestReader.FileName)) is null)
        {
            return UnreadableProblem(folder) is { } unreadable ? Refused(folder, null, [unreadable]) : null;
        }

        var result = ManifestReader.Read(folder);
        return new() { Folder = folder, Manifest = result.Manifest, ClaimedId = result.ClaimedId, Problems = result.Problems };
    }

    /// <summary>A link to another plugin of the directory would claim its id twice, one to elsewhere leaves what the operator looks after.</summary>
    private static Problem? LinkProblem(string directory, string folder)
    {
        if (!File.Exists(Path.Combine(folder, ManifestReader.FileName)))
        {
            return null;
        }

        return new(folder, $"the plugin's folder is a symbolic link to \"{PlainFile.TargetOf(folder)}\", expected a folder of '{directory}' itself. Copy or move the plugin's folder there.");
    }

    private static Problem? UnreadableProblem(string folder)
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return null;
        }
        catch (DirectoryNotFoundException)
        {
            // Removed since the directory was listed: no plugin any more.
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new(folder, $"the folder cannot be read: {error.Message}");
        }
    }

    private static CatalogEntry Refused(string folder, string? id, IReadOnlyList<Problem> problems) =>
        new() { Folder = folder, Manifest = null, ClaimedId = id, Problems = problems };

    private static List<CatalogEntry> RefuseSharedIds(List<CatalogEntry> entries)
    {
        var claims = entries.Where(e => e.ClaimedId is not null).GroupBy(e => e.ClaimedId!, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.ToList(), StringComparer.OrdinalIgnoreCase);
        return [.. entries.Select(entry =>
        {
            if (entry.ClaimedId is null || claims[entry.ClaimedId].Count == 1)
            {
                return entry;
            }

            var folders = string.Join(" and ", claims[entry.ClaimedId].Select(c => $"'{c.Folder}'"));
            var problem = new Problem(
                Path.Combine(entry.Folder, ManifestReader.FileName), 0, 0, "id",
                $"\"{entry.ClaimedId}\" is claimed by {folders}, expected one folder an id (ids that differ only in case are the same). None of them runs. Remove all but one, or give them different ids.");
            return Refused(entry.Folder, entry.ClaimedId, [.. entry.Problems, problem]);
        })];
    }
}

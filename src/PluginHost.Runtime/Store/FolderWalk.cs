using System.Globalization;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Store;

/// <summary>Lists the files of a plugin's folder, and refuses what is not a plain file or folder.</summary>
internal static class FolderWalk
{
    private const int MostDepth = 32;

    /// <summary>The files' paths inside the folder, with <c>/</c>, in the order of the content hash.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="limits">How much is taken.</param>
    /// <param name="problems">Gets all that is wrong.</param>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static List<string> Files(string folder, StoreLimits limits, List<Problem> problems)
    {
        var files = new List<string>();
        switch (FileFacts.Of(folder)?.Kind)
        {
            case FileKind.Directory:
                var entries = 0;
                Walk(folder, "", 1, limits, files, problems, ref entries);
                files.Sort(ContentHash.Order);
                break;
            case null:
                problems.Add(new(folder, "the plugin's folder is missing or cannot be seen. Restore it."));
                break;
            case { } kind:
                problems.Add(new(folder, $"is {PlainFile.Describe(kind)}, expected the plugin's folder. Put the folder itself there."));
                break;
        }

        return files;
    }

    private static void Walk(string folder, string inside, int depth, StoreLimits limits, List<string> files, List<Problem> problems, ref int entries)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(folder))
        {
            if (++entries > limits.Entries)
            {
                if (entries == limits.Entries + 1)
                {
                    problems.Add(new(folder, string.Create(CultureInfo.InvariantCulture, $"the plugin has more than {limits.Entries} files and folders, the most that is taken. Remove those it does not need.")));
                }

                return;
            }

            var name = Path.GetFileName(path);
            if (name.Any(c => char.IsControl(c) || c is '\\' or '\uFFFD'))
            {
                problems.Add(new(folder, $"a file's name, {StrictValue.Quote(name)}, has a control character, a backslash or bytes that are not UTF-8. Rename it."));
                continue;
            }

            switch (FileFacts.Of(path)?.Kind)
            {
                case FileKind.File:
                    files.Add(inside + name);
                    break;
                case FileKind.Directory when depth == MostDepth:
                    problems.Add(new(path, $"the plugin's folders are nested deeper than {MostDepth} levels. Flatten them."));
                    break;
                case FileKind.Directory:
                    Walk(path, $"{inside}{name}/", depth + 1, limits, files, problems, ref entries);
                    break;
                case FileKind.Link:
                    problems.Add(new(path, $"is a symbolic link to \"{PlainFile.TargetOf(path)}\", expected a file or folder. Put the file itself there."));
                    break;
                case { } kind:
                    problems.Add(new(path, $"is {PlainFile.Describe(kind)}, expected a file or folder. Remove it."));
                    break;
                case null:
                    problems.Add(new(path, "disappeared while the folder was read. Try again when nothing writes to it."));
                    break;
            }
        }
    }
}

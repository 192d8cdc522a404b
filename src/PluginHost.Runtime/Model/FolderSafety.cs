using System.Globalization;

namespace PluginHost.Runtime.Model;

/// <summary>Tells whether anyone but this user and root could change a file or folder.</summary>
internal static class FolderSafety
{
    private const UnixFileMode OthersWrite = UnixFileMode.OtherWrite;

    /// <summary>Why a path is not safe, with the remedy; null where only this user and root can write it.</summary>
    /// <param name="path">A file or folder; links are not followed.</param>
    public static string? Check(string path)
    {
        if (FileFacts.Of(path) is not { } facts)
        {
            return $"'{path}' is missing or cannot be seen. Create it or correct the path.";
        }

        if (facts.Kind == FileKind.Link)
        {
            return $"'{path}' is a symbolic link to '{PlainFile.TargetOf(path)}', whoever can change the link can change what it names. Name the target itself.";
        }

        var user = FileFacts.CurrentUser();
        if (facts.User != user && facts.User != 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"'{path}' is owned by user {facts.User}, expected this user ({user}) or root. Change its owner with chown.");
        }

        if (facts.Mode.HasFlag(OthersWrite))
        {
            return $"'{path}' can be written by every user (mode {Octal(facts.Mode)}). Run: chmod o-w '{path}'";
        }

        return facts.Mode.HasFlag(UnixFileMode.GroupWrite) && facts.Group != 0 && !PrivateGroup.Is(facts.Group, user)
            ? string.Create(CultureInfo.InvariantCulture, $"'{path}' can be written by group {facts.Group} (mode {Octal(facts.Mode)}). Run: chmod g-w '{path}'")
            : null;
    }

    /// <summary>The first path that is not safe, of a folder and everything in it; null where all are.</summary>
    public static string? CheckTree(string folder)
    {
        if (Check(folder) is { } problem)
        {
            return problem;
        }

        try
        {
            var all = new EnumerationOptions { RecurseSubdirectories = false, AttributesToSkip = 0, IgnoreInaccessible = false };
            foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", all))
            {
                var inside = FileFacts.Of(path)?.Kind == FileKind.Directory ? CheckTree(path) : Check(path);
                if (inside is not null)
                {
                    return inside;
                }
            }

            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"'{folder}' cannot be looked through: {error.Message}";
        }
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}

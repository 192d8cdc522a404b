namespace PluginHost.Processes.Tests.Support;

/// <summary>What this process has open, to compare before and after.</summary>
internal static class OpenDescriptors
{
    public static HashSet<string> Now()
    {
        HashSet<string> open = [];
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            string? target = new FileInfo(path).LinkTarget;
            if (target is not null && (target.StartsWith("pipe:") || target.StartsWith("socket:") || target.Contains("pidfd")))
            {
                open.Add($"{Path.GetFileName(path)} -> {target}");
            }
        }

        return open;
    }

    /// <summary>Descriptors open in this process that an exec would pass on.</summary>
    public static IReadOnlyList<string> Inheritable()
    {
        List<string> inheritable = [];
        foreach (string path in Directory.EnumerateFiles("/proc/self/fdinfo"))
        {
            string? flags = Flags(path);
            if (flags is null)
            {
                continue;
            }

            int number = int.Parse(Path.GetFileName(path));
            if (number > 2 && (Convert.ToInt32(flags, 8) & 0x80000) == 0)
            {
                inheritable.Add($"{number} -> {new FileInfo($"/proc/self/fd/{number}").LinkTarget}");
            }
        }

        return inheritable;
    }

    // Null for one that is closed by now: the one that reads the folder is, and others' may be.
    private static string? Flags(string path)
    {
        try
        {
            return File.ReadLines(path).First(l => l.StartsWith("flags:"))[6..].Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }
}

using System.Globalization;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>How often the kernel has killed something of this process's control group for its memory: the only trace that such a kill leaves.</summary>
internal static class MemoryKills
{
    private const string Field = "oom_kill ";

    /// <summary>The count so far; 0 where the kernel does not tell.</summary>
    public static long Count()
    {
        try
        {
            return Files(File.ReadAllLines("/proc/self/cgroup")).Where(File.Exists).SelectMany(File.ReadAllLines)
                .Where(l => l.StartsWith(Field, StringComparison.Ordinal))
                .Sum(l => long.TryParse(l.AsSpan(Field.Length), CultureInfo.InvariantCulture, out long count) ? count : 0);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>The files that hold it, both versions, seen from outside and from inside a container.</summary>
    /// <param name="groups">The lines of /proc/self/cgroup: <c>id:controllers:path</c>.</param>
    internal static IEnumerable<string> Files(IEnumerable<string> groups)
    {
        foreach (string[] parts in groups.Select(g => g.Split(':', 3)).Where(p => p.Length == 3))
        {
            if (parts[1].Length == 0)
            {
                yield return $"/sys/fs/cgroup{parts[2].TrimEnd('/')}/memory.events";
            }
            else if (parts[1].Split(',').Contains("memory"))
            {
                yield return $"/sys/fs/cgroup/memory{parts[2].TrimEnd('/')}/memory.oom_control";
            }
        }
    }
}

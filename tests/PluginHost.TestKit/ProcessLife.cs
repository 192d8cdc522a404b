using System.Diagnostics;
using System.Globalization;

namespace PluginHost.TestKit;

/// <summary>
/// Asks the system whether processes live. A zombie, which only waits to be collected, counts as dead, and so does one whose end has begun: nothing of it
/// runs any more, the kernel takes its memory back.
/// </summary>
public static class ProcessLife
{
    /// <summary>Whether a process lives now.</summary>
    /// <param name="pid">Its id.</param>
    public static bool IsAlive(int pid)
    {
        if (!OperatingSystem.IsLinux())
        {
            return Process.GetProcesses().Any(process => process.Id == pid);
        }

        try
        {
            string stat = File.ReadAllText(StatPath(pid));
            return State(stat) is not ('Z' or 'X') && (State(stat) is 'T' or 't' || stat.TrimEnd().EndsWith(" 0", StringComparison.Ordinal));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Waits until a process is dead.</summary>
    /// <param name="pid">Its id.</param>
    /// <param name="within">How long to wait at most.</param>
    /// <returns>True if it died, false if it lived on.</returns>
    public static async Task<bool> DiesAsync(int pid, TimeSpan within)
    {
        long start = Stopwatch.GetTimestamp();
        while (IsAlive(pid))
        {
            if (Stopwatch.GetElapsedTime(start) > within)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        return true;
    }

    /// <summary>The ids of a process's living children.</summary>
    public static IReadOnlyList<int> ChildrenOf(int pid)
    {
        List<int> children = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && ParentOf(id) == pid && IsAlive(id))
            {
                children.Add(id);
            }
        }

        return children;
    }

    private static int? ParentOf(int pid)
    {
        try
        {
            return int.Parse(AfterName(File.ReadAllText(StatPath(pid))).Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static char State(string stat) => AfterName(stat)[0];

    // "pid (name) state parent ...": the name may hold spaces and brackets, so what counts starts after the last one.
    private static string AfterName(string stat) => stat[(stat.LastIndexOf(')') + 2)..];

    private static string StatPath(int pid) => string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat");
}

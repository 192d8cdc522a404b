using System.Globalization;

namespace PluginHost.Runtime.Processes;

/// <summary>The processes that descend from one, whatever group or session they put themselves into. As the kernel tells it: by parents that still live.</summary>
internal static class ProcessTree
{
    private const int ParentField = 1;
    private const int StartField = 19;

    /// <summary>Kills every descendant of a process and not the process itself. It should be stopped or ending, so that it starts no more.</summary>
    /// <returns>How many were killed.</returns>
    public static int KillDescendants(int pid)
    {
        int killed = 0;
        foreach (ProcessEntry entry in Descendants(pid, Read()))
        {
            int pidfd = Libc.PidfdOpen(entry.Pid);
            if (pidfd < 0)
            {
                continue;
            }

            // The number may be another process's since it was read; with the same start it is the same process, and the descriptor stays its.
            if (Read(entry.Pid)?.Start == entry.Start && Libc.PidfdSendSignal(pidfd, Signals.Kill) == 0)
            {
                killed++;
            }

            _ = Libc.close(pidfd);
        }

        return killed;
    }

    /// <summary>Those of a list that descend from a process, parents first.</summary>
    internal static IReadOnlyList<ProcessEntry> Descendants(int pid, IReadOnlyList<ProcessEntry> all)
    {
        ILookup<int, ProcessEntry> children = all.ToLookup(static e => e.Parent);
        List<ProcessEntry> found = [.. children[pid]];
        for (int i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i].Pid]);
        }

        return found;
    }

    private static List<ProcessEntry> Read()
    {
        List<ProcessEntry> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && Read(pid) is { } entry)
            {
                all.Add(entry);
            }
        }

        return all;
    }

    private static ProcessEntry? Read(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new ProcessEntry(
                pid, int.Parse(fields[ParentField], CultureInfo.InvariantCulture), long.Parse(fields[StartField], CultureInfo.InvariantCulture));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is none of ours to see.
            return null;
        }
    }
}

/// <summary>One process as the kernel lists it.</summary>
/// <param name="Pid">Its id.</param>
/// <param name="Parent">Its parent's.</param>
/// <param name="Start">When it started, in the kernel's ticks: with the id it names one process only.</param>
internal readonly record struct ProcessEntry(int Pid, int Parent, long Start);

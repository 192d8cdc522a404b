using System.Globalization;
using System.Text;
using PluginHost.TestKit;

namespace PluginHost.Faults.Tests.Support;

/// <summary>What this process and the workers of its hosts hold at one moment: descriptors by kind, processes, shared memory, files.</summary>
internal sealed class Holdings
{
    private static readonly string[] s_kinds = ["socket:", "pipe:", "anon_inode:[pidfd]", "/memfd:pluginhost"];
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>Looks.</summary>
    /// <param name="folders">The files and folders that count.</param>
    public static Holdings Of(params IReadOnlyList<string> folders)
    {
        Holdings held = new();
        foreach (string descriptor in Entries("/proc/self/fd"))
        {
            string? target = new FileInfo(descriptor).LinkTarget;
            if (target is not null && s_kinds.FirstOrDefault(kind => target.StartsWith(kind, StringComparison.Ordinal)) is { } known)
            {
                held.Add($"descriptor {known}");
            }
        }

        foreach (string mapping in Lines("/proc/self/maps").Where(line => line.Contains("/memfd:pluginhost", StringComparison.Ordinal)))
        {
            held.Add("mapping /memfd:pluginhost");
        }

        foreach (int pid in Processes())
        {
            held.Add("process");
        }

        foreach (string file in folders.SelectMany(static path => Directory.Exists(path) ? Directory.EnumerateFileSystemEntries(path, "*", SearchOption.AllDirectories) : [path]))
        {
            held.Add($"file {file}");
        }

        return held;
    }

    /// <summary>What is there and was not before, or the other way round; null where nothing is.</summary>
    public string? DifferenceTo(Holdings before)
    {
        StringBuilder text = new();
        foreach (string what in _counts.Keys.Union(before._counts.Keys))
        {
            (int was, int now) = (before._counts.GetValueOrDefault(what), _counts.GetValueOrDefault(what));
            if (was != now)
            {
                text.Append(CultureInfo.InvariantCulture, $"{what}: {was} before, {now} after; ");
            }
        }

        return text.Length == 0 ? null : text.ToString();
    }

    /// <summary>The living processes that this one has started, theirs, and those that a worker's environment marks, whoever has them now.</summary>
    public static IReadOnlyCollection<int> Processes()
    {
        string mark = string.Create(CultureInfo.InvariantCulture, $"PLUGINHOST_OWNER={Environment.ProcessId}-");
        HashSet<int> found = [];
        List<int> open = [Environment.ProcessId];
        for (int at = 0; at < open.Count; at++)
        {
            open.AddRange(ProcessLife.ChildrenOf(open[at]).Where(found.Add));
        }

        foreach (string folder in Entries("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid != Environment.ProcessId
                && !found.Contains(pid) && Text(Path.Combine(folder, "environ")).Contains(mark, StringComparison.Ordinal) && ProcessLife.IsAlive(pid))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    /// <summary>A process's command line; empty where it has ended.</summary>
    public static string CommandOf(int pid) => Text(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline"));

    private void Add(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    private static string[] Entries(string folder) => [.. Directory.EnumerateFileSystemEntries(folder)];

    private static string[] Lines(string file) => Text(file).Split('\n');

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or is another user's.
            return "";
        }
    }
}

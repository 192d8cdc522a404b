using System.Globalization;
using System.Text;

namespace PluginHost.Runtime.Processes;

/// <summary>What the kernel says of a process's threads: which run, and which wait. Read from outside, so that a hung process needs no hand in it.</summary>
/// <param name="IsStopped">True where the process is stopped by a signal or a debugger.</param>
/// <param name="Text">A line a thread, most processor time first: its name, state and processor time.</param>
internal sealed record WorkerThreads(bool IsStopped, string Text)
{
    private const int MostThreads = 64;
    private const int LongestName = 64;

    // The kernel counts in this unit towards programs, whatever its own is.
    private const double TicksPerSecond = 100;

    /// <summary>Reads them; null where the process is gone.</summary>
    public static WorkerThreads? Of(int pid)
    {
        try
        {
            (string Name, char State, double Seconds)[] threads = [.. Directory.EnumerateDirectories($"/proc/{pid}/task")
                .Select(ReadThread)
                .OfType<(string Name, char State, double Seconds)>()
                .OrderByDescending(t => t.Seconds)];
            StringBuilder text = new();
            foreach ((string name, char state, double seconds) in threads.Take(MostThreads))
            {
                text.Append(Line(name, state, seconds)).Append('\n');
            }

            if (threads.Length > MostThreads)
            {
                text.Append(CultureInfo.InvariantCulture, $"and {threads.Length - MostThreads} more threads\n");
            }

            return threads.Length == 0 ? null : new WorkerThreads(threads.All(static t => t.State is 'T' or 't'), text.ToString());
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>One thread's line by its folder in <c>/proc</c>; null where it is gone.</summary>
    internal static string? LineOf(string folder) => ReadThread(folder) is { } thread ? Line(thread.Name, thread.State, thread.Seconds) : null;

    /// <summary>
    /// The numbers of the threads that a process started first, without the main thread; none where it has no others or is gone. The first are those that a
    /// runtime keeps for as long as it runs.
    /// </summary>
    public static IReadOnlyList<int> Oldest(int pid, int most)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{pid}/task")
                .Select(static folder => int.TryParse(Path.GetFileName(folder.AsSpan()), CultureInfo.InvariantCulture, out int thread) ? thread : 0)
                .Where(thread => thread != 0 && thread != pid)
                .Order()
                .Take(most)];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Reads the fields behind a stat line's name, which may hold anything; null where it is none.</summary>
    internal static (string Name, char State, double Seconds)? Parse(string stat)
    {
        int open = stat.IndexOf('(', StringComparison.Ordinal);
        int close = stat.LastIndexOf(')');
        if (open < 0 || close < open)
        {
            return null;
        }

        string[] fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 12
            && long.TryParse(fields[11], CultureInfo.InvariantCulture, out long user)
            && long.TryParse(fields[12], CultureInfo.InvariantCulture, out long system)
            ? (PrintableText.From(Encoding.UTF8.GetBytes(stat[(open + 1)..close]), LongestName).Replace('\n', ' '), fields[0][0], (user + system) / TicksPerSecond)
            : null;
    }

    private static (string Name, char State, double Seconds)? ReadThread(string folder)
    {
        try
        {
            return Parse(File.ReadAllText(Path.Combine(folder, "stat")));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return null;
        }
    }

    private static string Line(string name, char state, double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"thread '{name}': {Word(state)}, {seconds:0.00} s of processor time");

    private static string Word(char state) => state switch
    {
        'R' => "running",
        'S' => "waiting",
        'D' => "waiting in the kernel",
        'T' or 't' => "stopped",
        'Z' or 'X' => "ended",
        _ => $"state {state}",
    };
}

using System.Globalization;

namespace PluginHost.Processes.Tests.Support;

/// <summary>Processor time of a process's threads by the scheduler's own account, in nanoseconds and not in ticks of 10 ms.</summary>
internal static class CpuTime
{
    /// <summary>Each thread's time so far.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="name">Only threads of this name, which the system cuts at 15 characters; null for all.</param>
    public static IReadOnlyDictionary<string, long> Of(int pid, string? name = null) => Directory.GetDirectories($"/proc/{pid}/task")
        .Where(t => name is null || Read(t, "comm")?.Trim() == name)
        .Select(t => (Thread: t, Line: Read(t, "schedstat")))
        .Where(t => t.Line is not null)
        .ToDictionary(t => t.Thread, t => long.Parse(t.Line!.Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>What was used between two looks, by threads that are there at the second.</summary>
    public static TimeSpan Between(IReadOnlyDictionary<string, long> before, IReadOnlyDictionary<string, long> after) =>
        TimeSpan.FromTicks(after.Sum(t => t.Value - before.GetValueOrDefault(t.Key)) / TimeSpan.NanosecondsPerTick);

    private static string? Read(string task, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, file));
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return null;
        }
    }
}

using System.Globalization;

namespace PluginHost.Processes.Tests.Support;

/// <summary>Processor time by the scheduler's own account, in nanoseconds and not in ticks of 10 ms.</summary>
internal static class CpuTime
{
    public static TimeSpan OfProcess(int pid) => Sum(Directory.GetDirectories($"/proc/{pid}/task"));

    /// <summary>Of a process's threads with a name, which the system cuts at 15 characters.</summary>
    public static TimeSpan OfThreads(int pid, string name) =>
        Sum([.. Directory.GetDirectories($"/proc/{pid}/task").Where(t => Read(t, "comm")?.Trim() == name)]);

    private static TimeSpan Sum(string[] tasks)
    {
        long nanoseconds = tasks.Sum(t => Read(t, "schedstat") is { } line ? long.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture) : 0);
        return TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
    }

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

using System.Globalization;

namespace PluginHost.Telemetry.Recording;

/// <summary>Tells a process from a later one with the same id: by its start time and the system's boot. Linux.</summary>
/// <param name="Pid">The process id.</param>
/// <param name="StartTime">When it started, in clock ticks since boot: field 22 of <c>/proc/PID/stat</c>.</param>
internal readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    private const int FieldsBeforeStartTime = 19;

    /// <summary>The running process, or null where <c>/proc</c> does not tell.</summary>
    public static ProcessIdentity? Current() => StartTimeOf(Environment.ProcessId) is { } start ? new(Environment.ProcessId, start) : null;

    /// <summary>This boot's id, or an empty text where the system does not tell.</summary>
    public static string BootId() => ReadOrNull("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    /// <summary>True while this very process runs.</summary>
    public bool IsAlive() => StartTimeOf(Pid) == StartTime;

    /// <summary>Reads the start time out of a stat line. The command's name stands in parentheses and may itself hold spaces and parentheses.</summary>
    public static long? ParseStartTime(string stat)
    {
        int end = stat.LastIndexOf(") ", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        string[] fields = stat[(end + 2)..].Split(' ');
        return fields.Length > FieldsBeforeStartTime
            && long.TryParse(fields[FieldsBeforeStartTime], NumberStyles.None, CultureInfo.InvariantCulture, out long start)
                ? start
                : null;
    }

    /// <summary>What a thread of this process does, as the kernel says it: <c>R</c> for at work; a space where it does not tell.</summary>
    public static char StateOfThread(int thread)
    {
        string? stat = ReadOrNull(string.Create(CultureInfo.InvariantCulture, $"/proc/self/task/{thread}/stat"));
        int end = stat?.LastIndexOf(") ", StringComparison.Ordinal) ?? -1;
        return end >= 0 && stat!.Length > end + 2 ? stat[end + 2] : ' ';
    }

    private static long? StartTimeOf(int pid) =>
        ReadOrNull(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")) is { } stat ? ParseStartTime(stat) : null;

    private static string? ReadOrNull(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Gone, or no such file system: both mean that nothing is known.
            return null;
        }
    }
}

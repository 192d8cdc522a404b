using System.Globalization;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// How a process is going to end, from its kernel's line in <c>/proc/PID/stat</c>: once its end has begun, the last field holds the status that
/// <c>wait</c> will give (proc_pid_stat(5), field 52; shown to who may trace the process, else 0).
/// </summary>
internal static class EndingStatus
{
    private const int LongestLine = 4096;
    private const int SignalMask = 0x7f;
    private const int FirstStopSignal = 19;
    private const int LastStopSignal = 22;

    /// <summary>Reads it; null where the end has not begun, is an exit with code 0, or cannot be seen.</summary>
    public static ProcessExit? Of(int pid)
    {
        try
        {
            using FileStream stat = new($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            Span<byte> line = stackalloc byte[LongestLine];
            return Parse(line[..stat.Read(line)]);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads a line.</summary>
    internal static ProcessExit? Parse(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd("\n "u8);
        if (!int.TryParse(line[(line.LastIndexOf((byte)' ') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int status) || status == 0)
        {
            return null;
        }

        return (status & SignalMask) switch
        {
            0 => new ProcessExit(status >> 8 & 0xff, null),

            // A stopped process shows what stopped it.
            >= FirstStopSignal and <= LastStopSignal => null,
            int signal => new ProcessExit(null, signal),
        };
    }
}

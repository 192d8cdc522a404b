using System.Globalization;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// A process's resident memory, as <c>ps</c> shows it (RSS). The proportional share (PSS) would leave out part of what workers have in common, but
/// the kernel walks all page tables for it and keeps the process from mapping memory meanwhile.
/// </summary>
internal static class ProcessMemory
{
    /// <summary>Its resident memory in bytes; null where it has ended, or the system does not tell. Takes some microseconds.</summary>
    public static long? Resident(int pid)
    {
        try
        {
            // "size resident shared ..." in pages.
            string[] pages = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/statm")).Split(' ', 3);
            return pages.Length == 3 && long.TryParse(pages[1], NumberStyles.None, CultureInfo.InvariantCulture, out long resident) && resident > 0
                ? resident * Environment.SystemPageSize
                : null;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

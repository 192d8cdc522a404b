using System.Globalization;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime;

/// <summary>What there is to know before this process is dumped by its child: it stands still for as long as its memory takes to be written.</summary>
internal static class HolderDump
{
    /// <summary>The ending of the files.</summary>
    public const string Suffix = ".dmp";

    /// <summary>What to do where this process is too large, or too slow, to be dumped.</summary>
    public const string SmallProcess = "Look for holders in a small process: `pluginhost check` loads the plugin alone.";

    private const string Tool = "createdump";
    private const string Maps = "/proc/self/maps";
    private const long MiB = 1024 * 1024;

    /// <summary>The tool that writes.</summary>
    public static string ToolOf(HolderOptions options) => options.Writer ?? Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "", Tool);

    /// <summary>Refuses what is known to end badly, before the process is stopped for it, and makes the folder for this user alone.</summary>
    /// <param name="file">Where the dump would go.</param>
    /// <param name="options">The limits.</param>
    /// <exception cref="HolderSearchException">It cannot be written here; says why and what to do.</exception>
    public static void Prepare(string file, HolderOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new HolderSearchException("Holders are named on Linux only: elsewhere the runtime writes no dump of itself from outside.");
        }

        if (ToolOf(options) is { } tool && !File.Exists(tool))
        {
            throw new HolderSearchException($"'{tool}' is not there, which writes dumps. It comes with the shared runtime; run the application on that, not as a single file.");
        }

        if (!OwnTracing.IsAllowed)
        {
            throw new HolderSearchException(Refused("The system lets nobody look into this process: it has changed its user or its capabilities since it started, or was marked as not to be dumped"));
        }

        long bytes = Estimate();
        if (bytes > options.MostBytes)
        {
            throw new HolderSearchException($"A dump of this process takes about {bytes / MiB} MiB, and the limit is {options.MostBytes / MiB} MiB. {SmallProcess}");
        }

        string folder = Path.GetDirectoryName(file)!;
        OwnFiles.CreateFolder(folder);
        long free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new HolderSearchException($"A dump of this process takes about {bytes / MiB} MiB, and '{folder}' has room for {free / MiB} MiB. Make room, or name another state folder.");
        }
    }

    /// <summary>What to look at where the system did not let the tool do it.</summary>
    /// <param name="what">What was said.</param>
    public static string Refused(string what) => OwnTracing.Scope() is { } scope and >= 2
        ? $"{what}. {OwnTracing.ScopeFile} is {scope}, which allows {(scope == 2 ? "administrators only" : "nobody")} to trace; 1 or 0 would do."
        : $"{what}. The process must be allowed to be traced by its child (ptrace): look at the container's seccomp profile, at capabilities, and at {OwnTracing.ScopeFile}.";

    /// <summary>Bytes that a dump of this process would have, about: all memory that is private to it and may be written.</summary>
    public static long Estimate()
    {
        long total = 0;
        foreach (string line in File.ReadLines(Maps))
        {
            // 7f4d97000000-7f4d97400000 rw-p 00000000 00:00 0
            int dash = line.IndexOf('-', StringComparison.Ordinal);
            int end = line.IndexOf(' ', StringComparison.Ordinal);
            if (dash > 0 && end > dash && line.AsSpan(end + 1).StartsWith("rw-p")
                && long.TryParse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long from)
                && long.TryParse(line.AsSpan(dash + 1, end - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long to))
            {
                total += to - from;
            }
        }

        return total;
    }
}

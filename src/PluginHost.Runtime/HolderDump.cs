using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime;

/// <summary>Writes a dump of this very process with the runtime's own tool, as its child: the process stands still for as long as its memory takes to be written.</summary>
internal static class HolderDump
{
    /// <summary>The ending of the files.</summary>
    public const string Suffix = ".dmp";

    private const string Tool = "createdump";
    private const string Maps = "/proc/self/maps";
    private const long MiB = 1024 * 1024;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    /// <summary>Writes one. The caller removes the file, whatever becomes of it.</summary>
    /// <param name="file">Where to; its folder is made for this user alone. The tool makes the file for this user alone.</param>
    /// <param name="options">The limits.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Where the tool's output goes.</param>
    /// <param name="cancellationToken">Ends the tool early.</param>
    /// <exception cref="HolderSearchException">It cannot be written here; says why and what to do.</exception>
    public static async Task WriteAsync(string file, HolderOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        string tool = options.Writer ?? Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "", Tool);
        RefuseInVain(tool, file, options);
        using IDisposable allowed = OwnTracing.AllowChildren();
        WorkerProcess writer = await WorkerSpawner.Shared.SpawnAsync(new SpawnRequest
        {
            FileName = tool,
            Arguments = ["--withheap", "--name", file, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)],
            Environment = new Dictionary<string, string>(),
            WorkingDirectory = Path.GetDirectoryName(file)!,
            Logger = logger,
            Clock = clock,
        }).ConfigureAwait(false);
        writer.Channel.Dispose();
        try
        {
            while (!await writer.EndedWithinAsync(s_look, clock).ConfigureAwait(false))
            {
                cancellationToken.ThrowIfCancellationRequested();
                RefuseAbove(Length(file), options);
            }
        }
        finally
        {
            // Its end lets this process go on, where it stood still.
            await writer.KillAndWaitAsync(clock, logger).ConfigureAwait(false);
        }

        ProcessExit exit = await writer.Exited.ConfigureAwait(false);
        if (exit.ExitCode != 0 || !File.Exists(file))
        {
            throw new HolderSearchException(Refused($"{Tool} ended with {exit}: {LastLine(writer.ErrorTail() ?? writer.OutputTail())}"));
        }
    }

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

    private static void RefuseInVain(string tool, string file, HolderOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new HolderSearchException("Holders are named on Linux only: elsewhere the runtime writes no dump of itself from outside.");
        }

        if (!File.Exists(tool))
        {
            throw new HolderSearchException($"'{tool}' is not there, which writes dumps. It comes with the shared runtime; run the application on that, not as a single file.");
        }

        if (!OwnTracing.IsAllowed)
        {
            throw new HolderSearchException(Refused("The system lets nobody look into this process: it has changed its user or its capabilities since it started, or was marked as not to be dumped"));
        }

        RefuseAbove(Estimate(), options);
        OwnFiles.CreateFolder(Path.GetDirectoryName(file)!);
        long free = new DriveInfo(Path.GetDirectoryName(file)!).AvailableFreeSpace;
        if (free < Estimate())
        {
            throw new HolderSearchException($"A dump of this process takes about {Estimate() / MiB} MiB, and '{Path.GetDirectoryName(file)}' has room for {free / MiB} MiB. Make room, or name another state folder.");
        }
    }

    private static void RefuseAbove(long bytes, HolderOptions options)
    {
        if (bytes > options.MostBytes)
        {
            throw new HolderSearchException(
                $"A dump of this process takes about {bytes / MiB} MiB, and the limit is {options.MostBytes / MiB} MiB. Look for holders in a small process: `pluginhost check` loads the plugin alone.");
        }
    }

    private static string Refused(string what) => OwnTracing.Scope() is { } scope and >= 2
        ? $"{what}. {OwnTracing.ScopeFile} is {scope}, which allows {(scope == 2 ? "administrators only" : "nobody")} to trace; 1 or 0 would do."
        : $"{what}. The process must be allowed to be traced by its child (ptrace): look at the container's seccomp profile, at capabilities, and at {OwnTracing.ScopeFile}.";

    private static long Length(string file) => new FileInfo(file) is { Exists: true } info ? info.Length : 0;

    private static string LastLine(string? output) => output?.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Trim() ?? "it said nothing";
}

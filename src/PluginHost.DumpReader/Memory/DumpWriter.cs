using System.Diagnostics;
using System.Globalization;

namespace PluginHost.DumpReader.Memory;

/// <summary>
/// Has the runtime's own tool write a dump of another process, which stands still meanwhile: so the watch over time and size has to be here, and not in that process.
/// </summary>
internal static class DumpWriter
{
    private const long MiB = 1024 * 1024;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    /// <summary>Writes one. The tool is ended before this returns, so that the process goes on.</summary>
    /// <param name="tool">The tool: <c>createdump</c>.</param>
    /// <param name="process">The process.</param>
    /// <param name="file">Where to; the tool makes it for its user alone.</param>
    /// <param name="mostBytes">How large it may become.</param>
    /// <param name="isOver">True once the time is over.</param>
    /// <exception cref="DumpRefusedException">It was not written; says why.</exception>
    public static void Write(string tool, int process, string file, long mostBytes, Func<bool> isOver)
    {
        ProcessStartInfo start = new(tool, ["--withheap", "--name", file, process.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        using Process writer = Process.Start(start)!;
        Task<string>[] words = [writer.StandardOutput.ReadToEndAsync(), writer.StandardError.ReadToEndAsync()];
        try
        {
            while (!writer.WaitForExit(s_look))
            {
                if (new FileInfo(file) is { Exists: true } grown && grown.Length > mostBytes)
                {
                    throw new DumpRefusedException($"The dump grew to {grown.Length / MiB} MiB, and the limit is {mostBytes / MiB} MiB.", bySystem: false);
                }

                if (isOver())
                {
                    throw new DumpRefusedException("The dump took longer than it may.", bySystem: false);
                }
            }
        }
        finally
        {
            writer.Kill(entireProcessTree: true);
        }

        if (writer.ExitCode != 0 || !File.Exists(file))
        {
            Task.WaitAll(words, s_lastWords);
            string? last = words.Where(w => w.IsCompletedSuccessfully).SelectMany(w => w.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).LastOrDefault();
            throw new DumpRefusedException(
                string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(tool)} ended with exit code {writer.ExitCode}: {last ?? "it said nothing"}"), bySystem: true);
        }
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime;

/// <summary>Has a dump read by a process of its own, which ends with this one: what reads another's memory may crash over it, and needs libraries that nobody else does.</summary>
internal static class HolderReading
{
    private const string Program = "PluginHost.DumpReader.dll";
    private const int MostBytes = 256 * 1024;
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    /// <summary>The program that reads.</summary>
    public static string ProgramOf(HolderOptions options) => options.Reader
        ?? Path.Combine(Path.GetDirectoryName(typeof(HolderReading).Assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory, "dump-reader", Program);

    /// <summary>Reads one.</summary>
    /// <param name="file">The dump; the reader removes it as soon as it has it.</param>
    /// <param name="watches">A handle for each context asked about.</param>
    /// <param name="limit">How long the walk may take; what was found by then is given.</param>
    /// <param name="options">Which program.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Where its errors go.</param>
    /// <param name="cancellationToken">Ends the reader early.</param>
    /// <returns>Lines for each context, in their order.</returns>
    /// <exception cref="HolderSearchException">It could not be read; says why.</exception>
    public static async Task<IReadOnlyList<IReadOnlyList<string>>> ReadAsync(
        string file, IReadOnlyList<nint> watches, TimeSpan limit, HolderOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        string program = ProgramOf(options);
        if (!System.IO.File.Exists(program))
        {
            throw new HolderSearchException($"'{program}' is not there, which reads dumps. It is laid beside PluginHost.Runtime.dll by the build: ship the folder dump-reader with the application.");
        }

        WorkerProcess reader = await WorkerSpawner.Shared.SpawnAsync(new SpawnRequest
        {
            Channel = ChildChannel.Stdio,
            FileName = DotnetExecutable.FindForThisProcess(),
            Arguments =
            [
                "exec", program, file, Path.GetDirectoryName(typeof(object).Assembly.Location)!,
                limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture),
                string.Join(',', watches.Select(w => ((ulong)w).ToString("x", CultureInfo.InvariantCulture))),
            ],
            Environment = ChildEnvironment.Of(ChildEnvironment.OfThisProcess(), [], []),
            WorkingDirectory = Path.GetDirectoryName(program)!,
            Logger = logger,
            Clock = clock,
        }).ConfigureAwait(false);
        using (reader.Pipes!.ToChild)
        using (reader.Pipes.FromChild)
        {
            try
            {
                string output = await ReadToEndAsync(reader.Pipes).WaitAsync(limit + s_grace, clock, cancellationToken).ConfigureAwait(false);
                return Parse(output, watches.Count) ?? throw new HolderSearchException($"The dump could not be read: {reader.ErrorTail() ?? "the reader gave no whole answer"}");
            }
            catch (TimeoutException)
            {
                throw new HolderSearchException($"The dump was not read within {limit + s_grace:c}.");
            }
            finally
            {
                await reader.KillAndWaitAsync(clock, logger).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes the reader's answer apart.</summary>
    /// <param name="output">Its lines.</param>
    /// <param name="contexts">How many contexts were asked about.</param>
    /// <returns>Null where its last line is missing.</returns>
    internal static IReadOnlyList<IReadOnlyList<string>>? Parse(string output, int contexts)
    {
        List<string>[] lines = [.. Enumerable.Range(0, contexts).Select(_ => new List<string>())];
        bool? wasCut = null;
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using JsonDocument row = JsonDocument.Parse(line);
                if (row.RootElement.TryGetProperty("done", out _))
                {
                    wasCut = row.RootElement.GetProperty("cut").GetBoolean();
                }
                else if (row.RootElement.GetProperty("context").GetInt32() is >= 0 and int context && context < contexts)
                {
                    lines[context].Add(row.RootElement.GetProperty("text").GetString() ?? "");
                }
            }
            catch (Exception damaged) when (damaged is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                return null;
            }
        }

        if (wasCut == true)
        {
            Array.ForEach(lines, l => l.Add("The search ended before everything had been looked at: the application has too many objects for the time."));
        }

        return wasCut is null ? null : lines;
    }

    private static Task<string> ReadToEndAsync(ChannelPipes pipes) => Task.Factory.StartNew(
        () =>
        {
            // It is read by a thread of its own, which may wait.
            _ = Libc.fcntl((int)pipes.FromChild.DangerousGetHandle(), Libc.SetStatusFlags, 0);
            using FileStream stream = new(pipes.FromChild, FileAccess.Read, bufferSize: 0);
            byte[] all = new byte[MostBytes];
            return Encoding.UTF8.GetString(all, 0, stream.ReadAtLeast(all, MostBytes, throwOnEndOfStream: false));
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}

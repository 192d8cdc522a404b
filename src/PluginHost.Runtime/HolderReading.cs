using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime;

/// <summary>
/// Has this process dumped, and the dump read, by a process of its own, which ends with this one: this one stands still meanwhile, and what reads another's memory may
/// crash over it.
/// </summary>
internal static class HolderReading
{
    private const string Program = "PluginHost.DumpReader.dll";
    private const int MostBytes = 256 * 1024;
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    /// <summary>The program that reads.</summary>
    public static string ProgramOf(HolderOptions options) => options.Reader
        ?? Path.Combine(Path.GetDirectoryName(typeof(HolderReading).Assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory, "dump-reader", Program);

    /// <summary>Makes and reads one.</summary>
    /// <param name="file">The dump; removed as soon as it is open.</param>
    /// <param name="watches">A handle for each context asked about.</param>
    /// <param name="options">The limits and the programs. What was found when the time is over is given.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">Where the reader's errors go.</param>
    /// <param name="cancellationToken">Ends the reader early.</param>
    /// <returns>Lines for each context, in their order.</returns>
    /// <exception cref="HolderSearchException">It could not be made or read; says why and what to do.</exception>
    public static async Task<IReadOnlyList<IReadOnlyList<string>>> ReadAsync(
        string file, IReadOnlyList<nint> watches, HolderOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        string program = ProgramOf(options);
        if (!System.IO.File.Exists(program))
        {
            throw new HolderSearchException($"'{program}' is not there, which reads dumps. It is laid beside PluginHost.Runtime.dll by the build: ship the folder dump-reader with the application.");
        }

        using IDisposable allowed = OwnTracing.AllowChildren();
        WorkerProcess reader = await WorkerSpawner.Shared.SpawnAsync(new SpawnRequest
        {
            Channel = ChildChannel.Stdio,
            FileName = DotnetExecutable.FindForThisProcess(),
            Arguments =
            [
                "exec", program, HolderDump.ToolOf(options), Number(Environment.ProcessId), file, Number(options.MostBytes),
                Path.GetDirectoryName(typeof(object).Assembly.Location)!, Number(options.Patience.TotalSeconds),
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
                string output = await ReadToEndAsync(reader.Pipes).WaitAsync(options.Patience + s_grace, clock, cancellationToken).ConfigureAwait(false);
                return Parse(output, watches.Count) ?? throw new HolderSearchException($"The dump could not be read: {reader.ErrorTail() ?? "the reader gave no whole answer"}");
            }
            catch (TimeoutException)
            {
                throw new HolderSearchException($"It took longer than {options.Patience:c}. {HolderDump.SmallProcess}");
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
    /// <exception cref="HolderSearchException">The answer is why there is none.</exception>
    internal static IReadOnlyList<IReadOnlyList<string>>? Parse(string output, int contexts)
    {
        List<string>[] lines = [.. Enumerable.Range(0, contexts).Select(_ => new List<string>())];
        bool? wasCut = null;
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using JsonDocument row = JsonDocument.Parse(line);
                if (row.RootElement.TryGetProperty("refused", out JsonElement reason))
                {
                    string why = reason.GetString() ?? "";
                    throw new HolderSearchException(row.RootElement.GetProperty("because").GetString() switch
                    {
                        "system" => HolderDump.Refused(why),
                        "limit" => $"{why} {HolderDump.SmallProcess}",
                        _ => why,
                    });
                }

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

    private static string Number(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

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

using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Writes a minidump of a hung .NET process from outside, with the runtime's own tool: the process needs no hand in it.</summary>
internal static class HangDump
{
    private const string Tool = "createdump";
    private const string Suffix = ".dmp";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Writes one, within 10 s. Never throws: a worker that cannot be looked at is killed all the same.</summary>
    /// <param name="worker">Whose process it is.</param>
    /// <param name="pid">The process.</param>
    /// <param name="options">Where to, and how many.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The plugin's log.</param>
    /// <returns>The file's path; null where there is none, which is logged where one was asked for.</returns>
    public static async Task<string?> WriteAsync(WorkerIdentity worker, int pid, HangOptions options, TimeProvider clock, ILogger logger)
    {
        if (options.DumpFolder is not { } folder)
        {
            return null;
        }

        try
        {
            return await RunAsync(Prepare(worker, pid, folder, options.MostDumps, clock), pid, clock, logger).ConfigureAwait(false);
        }
        catch (Exception refused) when (refused is SpawnException or IOException or UnauthorizedAccessException)
        {
            Log.NoDump(logger, worker.PluginId, pid, refused.Message);
            return null;
        }
    }

    private static string Prepare(WorkerIdentity worker, int pid, string folder, int most, TimeProvider clock)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new IOException($"Dumps are written on Linux only: {Tool} does not do it here from outside.");
        }

        Directory.CreateDirectory(folder, OwnerOnly);
        return Directory.EnumerateFiles(folder, "*" + Suffix).Take(most).Count() < most
            ? Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{worker.PluginId}-{worker.Generation}-{pid}-{clock.GetUtcNow():yyyyMMddTHHmmssfff}{Suffix}"))
            : throw new IOException($"'{folder}' holds {most} dumps already (Hangs.MostDumps). Take some away.");
    }

    private static async Task<string> RunAsync(string file, int pid, TimeProvider clock, ILogger logger)
    {
        string tool = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "", Tool);
        WorkerProcess writer = await WorkerSpawner.Shared.SpawnAsync(new SpawnRequest
        {
            FileName = tool,
            Arguments = ["--normal", "--name", file, pid.ToString(CultureInfo.InvariantCulture)],
            Environment = new Dictionary<string, string>(),
            WorkingDirectory = Path.GetDirectoryName(file)!,
            Logger = logger,
            Clock = clock,
        }).ConfigureAwait(false);
        writer.Channel.Dispose();
        if (!await writer.EndedWithinAsync(s_patience, clock).ConfigureAwait(false))
        {
            await writer.KillAndWaitAsync(clock, logger).ConfigureAwait(false);
            File.Delete(file);
            throw new IOException($"{Tool} did not end within {s_patience:c}.");
        }

        ProcessExit exit = await writer.Exited.ConfigureAwait(false);
        return exit.ExitCode == 0
            ? file
            : throw new IOException($"{Tool} ended with {exit}: {writer.ErrorTail() ?? writer.OutputTail() ?? "it said nothing"}");
    }
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime;

/// <summary>Ends what outlives its workers: this host's own at its stop; at a start what an earlier host of the state folder, killed, has left, of which it tells.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_stopPatience = TimeSpan.FromSeconds(2);

    /// <summary>Ends what a dead host has left, and names what it ran. Does nothing where the host lives: the processes of others are not ours.</summary>
    /// <param name="past">The host that ended without stopping; null where none did.</param>
    /// <param name="program">The worker's program, which looks for what is left.</param>
    /// <param name="logger">Told.</param>
    /// <param name="clock">The clock.</param>
    public static async Task EndAsync(PastHost? past, string program, ILogger logger, TimeProvider clock)
    {
        if (past is null || !past.Host.IsGone)
        {
            return;
        }

        Log.HostEndedWithoutStop(logger, past.Host.Pid, past.Workers.Count == 0 ? "no worker" : string.Join(", ", past.Workers));
        if (past.HadWorkers && await SweepAsync(past, program, logger, clock).ConfigureAwait(false) is { } problem)
        {
            Log.LeftoversUnknown(logger, past.Host.Pid, problem, past.Host.ToString());
        }
    }

    /// <summary>Ends what this host's workers have started and not ended, once no worker of this process runs.</summary>
    public static Task EndOwnAsync(TimeProvider clock) => WorkerSpawner.IsInUse ? WorkerSpawner.Shared.EndRemainsAsync(s_stopPatience, clock) : Task.CompletedTask;

    /// <summary>Looks for the dead host's mark; gives what kept it from doing so.</summary>
    private static async Task<string?> SweepAsync(PastHost past, string program, ILogger logger, TimeProvider clock)
    {
        if (!File.Exists(program))
        {
            return $"the worker's program '{program}' is not there.";
        }

        WorkerProcess sweep;
        try
        {
            sweep = await WorkerSpawner.Shared.SpawnAsync(ReaperCommand.Create(program, WorkerModes.Sweep, past.Host, NullLogger.Instance)).ConfigureAwait(false);
        }
        catch (SpawnException refused)
        {
            return refused.Message;
        }

        using (sweep.Channel)
        {
            if (!await sweep.EndedWithinAsync(s_patience, clock).ConfigureAwait(false))
            {
                sweep.Kill();
                return $"it took longer than {s_patience.TotalSeconds:0} s.";
            }
        }

        foreach (string line in (sweep.OutputTail() ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ', 3) is [var id, var number, var name] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
            {
                NotedWorker? worker = past.Workers.FirstOrDefault(w => w.Number.ToString(CultureInfo.InvariantCulture) == number);
                Log.LeftoverEnded(logger, pid, name, worker is null ? "a plugin that had ended" : worker.PluginId == NotedWorker.NoPlugin ? "a spare worker" : worker.PluginId, past.Host.Pid);
            }
        }

        ProcessExit exit = await sweep.Exited.ConfigureAwait(false);
        return exit.ExitCode == WorkerExitCodes.Stopped ? null : $"it ended with {exit}. {sweep.ErrorTail()}";
    }
}

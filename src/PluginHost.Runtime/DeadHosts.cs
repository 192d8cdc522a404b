using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// Tells of hosts that died while a thread was in a plugin: one record a host and plugin, and one incident that counts towards its demotion. Calls that were
/// waiting for something are told of beside that: what they did is not known, so nobody is blamed for them.
/// </summary>
/// <param name="recorder">Takes the records.</param>
/// <param name="demotions">Counts the incidents.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Told too.</param>
internal sealed class DeadHosts(Recorder recorder, Demotions demotions, TimeProvider clock, ILogger logger)
{
    // As many as a person reads; each one counts all the same.
    private const int MostTold = 16;

    /// <summary>Reads and removes what dead hosts have left in a state folder. Call it before this process records into the same folder.</summary>
    public void Report(string stateFolder)
    {
        // Counted before the file is removed: a host that dies here too finds it again, and its key keeps it from counting twice.
        FlightRecorder.ReadDead(stateFolder, logger, host => Report(host, stateFolder));
    }

    private void Report(DeadProcess host, string stateFolder)
    {
        (int Thread, DeadCall Call)[] all = Suspects(host);
        string? waiting = Waiting(host);
        if (all.Length == 0)
        {
            // It was killed from outside while no thread was in a plugin, or it ended of itself: nobody's doing, as far as one can see.
            if (waiting is not null && host.End is null)
            {
                Log.HostDiedWaiting(logger, host.Pid, waiting);
            }

            return;
        }

        DateTimeOffset at = LastSeen(stateFolder, host.Pid) ?? clock.GetUtcNow();
        var suspects = all.GroupBy(s => s.Call.PluginId, StringComparer.OrdinalIgnoreCase);
        foreach (var plugin in suspects)
        {
            (int Thread, DeadCall Call)[] seen = [.. plugin];
            DeadCall main = seen.GroupBy(s => s.Call).MaxBy(g => g.Count())!.Key;
            foreach ((int thread, DeadCall call) in seen.Take(MostTold))
            {
                Log.HostDied(logger, host.Pid, thread, call.PluginId, call.Method);
            }

            recorder.Fault(new FaultRecord
            {
                Id = FaultIds.Next(clock.GetUtcNow()),
                At = at,
                PluginId = main.PluginId,
                Kind = FaultKind.HostDeath,
                Tier = PluginTier.InProcess,
                Generation = main.Generation,
                Method = main.Method,
                Message = $"The host process {host.Pid} died while {Threads(seen)}.{Others(all, main.PluginId)}{(waiting is null ? "" : $" Waiting for something, on no thread: {waiting}; what they did when they went on is not known.")}",
            });
            demotions.Add(main.PluginId, new Incident(
                IncidentKind.HostDeath,
                at,
                string.Create(CultureInfo.InvariantCulture, $"host {host.Pid} died in {main.Method} at {at.UtcDateTime:u}"),
                Key: string.Create(CultureInfo.InvariantCulture, $"{host.Pid}-{host.StartTime}")));
        }
    }

    // A damaged file may name what no plugin is called.
    private static (int Thread, DeadCall Call)[] Suspects(DeadProcess host)
    {
        IEnumerable<(int Thread, DeadCall Call)> seen = host.End switch
        {
            { Culprit: { } culprit, ThreadIds: [var thread, ..] } => [(thread, culprit)],

            // Whoever else was in a plugin then has nothing to do with it.
            { } end => host.Threads.Where(t => end.ThreadIds.Contains(t.ThreadId)).SelectMany(Suspects),
            null => host.Threads.SelectMany(Suspects),
        };
        return [.. seen.Where(s => PluginIds.Valid(s.Call.PluginId))];
    }

    // Where the thread had entered and left another method since, each one on its stack is a suspect.
    private static IEnumerable<(int Thread, DeadCall Call)> Suspects(DeadThread thread) =>
        (thread.Innermost is { } innermost ? [innermost] : thread.Inside).Select(call => (thread.ThreadId, call));

    /// <summary>The calls that waited, in words; null for none.</summary>
    private static string? Waiting(DeadProcess host)
    {
        SuspendedCalls[] calls = [.. host.Suspended
            .Where(s => PluginIds.Valid(s.Call.PluginId))
            .OrderByDescending(s => s.Count).ThenBy(s => s.Call.PluginId, StringComparer.Ordinal).ThenBy(s => s.Call.Method, StringComparer.Ordinal)];
        return calls.Length == 0 ? null : string.Join(", ", calls.Take(MostTold).Select(s => string.Create(
            CultureInfo.InvariantCulture, $"{s.Count} call(s) of {s.Call.PluginId} {s.Call.Method}"))) + (calls.Length > MostTold ? " and others" : "");
    }

    private static string Threads((int Thread, DeadCall Call)[] seen) => string.Join(
        ", ",
        seen.GroupBy(s => s.Call.Method, StringComparer.Ordinal).Select(method => string.Create(
            CultureInfo.InvariantCulture,
            $"{(method.Count() == 1 ? "its thread" : "its threads")} {string.Join(" and ", method.Take(MostTold).Select(s => s.Thread))} {(method.Count() == 1 ? "was" : "were")} in {method.Key}")));

    private static string Others((int Thread, DeadCall Call)[] all, string pluginId)
    {
        string[] others = [.. all.Select(s => s.Call.PluginId).Where(id => id != pluginId).Distinct(StringComparer.Ordinal)];
        return others.Length == 0 ? "" : $" So were other threads, or the same one, in {string.Join(", ", others)}: which of them it died of is not known.";
    }

    /// <summary>When the host wrote its figures last, a few seconds at most before its end; null where another host has written since.</summary>
    private static DateTimeOffset? LastSeen(string stateFolder, int pid)
    {
        try
        {
            return HostAttachment.LastWindow(stateFolder) is { } last && last.Snapshot.Pid == pid ? last.Snapshot.At : null;
        }
        catch (IOException)
        {
            // It died while it wrote them, or a tool did: the time of this start has to do.
            return null;
        }
    }
}

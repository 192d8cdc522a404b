using System.Globalization;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>Tells of hosts that died while a thread was in a plugin: one record a host and plugin, and one incident that counts towards its demotion.</summary>
/// <param name="recorder">Takes the records.</param>
/// <param name="demotions">Counts the incidents.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Told too.</param>
internal sealed class DeadHosts(Recorder recorder, Demotions demotions, TimeProvider clock, ILogger logger)
{
    /// <summary>Reads and removes what dead hosts have left in a state folder. Call it before this process records into the same folder.</summary>
    public void Report(string stateFolder)
    {
        // Counted before the file is removed: a host that dies here too finds it again, and its key keeps it from counting twice.
        FlightRecorder.ReadDead(stateFolder, logger, host => Report(host, stateFolder));
    }

    private void Report(DeadProcess host, string stateFolder)
    {
        if (host.Threads.Count == 0)
        {
            // It was killed from outside while it was idle, or it died of itself: nobody's doing.
            return;
        }

        DateTimeOffset at = LastSeen(stateFolder, host.Pid) ?? clock.GetUtcNow();
        var suspects = host.Threads
            .SelectMany(thread => Suspects(thread).Select(call => (Thread: thread.ThreadId, Call: call)))
            .GroupBy(s => s.Call.PluginId, StringComparer.OrdinalIgnoreCase);
        foreach (var plugin in suspects)
        {
            (int Thread, DeadCall Call)[] seen = [.. plugin];
            DeadCall main = seen.GroupBy(s => s.Call).MaxBy(g => g.Count())!.Key;
            foreach ((int thread, DeadCall call) in seen)
            {
                Log.HostDied(logger, host.Pid, thread, call.PluginId, call.Method);
            }

            recorder.Fault(new FaultRecord
            {
                Id = FaultIds.Next(at),
                At = at,
                PluginId = main.PluginId,
                Kind = FaultKind.HostDeath,
                Tier = PluginTier.InProcess,
                Generation = main.Generation,
                Method = main.Method,
                Message = $"The host process {host.Pid} died while {Threads(seen)}.{Others(host, main.PluginId)}",
            });
            demotions.Add(main.PluginId, new Incident(
                IncidentKind.HostDeath,
                at,
                string.Create(CultureInfo.InvariantCulture, $"host {host.Pid} died in {main.Method} at {at.UtcDateTime:u}"),
                Key: string.Create(CultureInfo.InvariantCulture, $"{host.Pid}-{host.StartTime}")));
        }
    }

    // Where the thread had entered and left another method since, each one on its stack is a suspect.
    private static IReadOnlyList<DeadCall> Suspects(DeadThread thread) => thread.Innermost is { } innermost ? [innermost] : thread.Inside;

    private static string Threads((int Thread, DeadCall Call)[] seen) => string.Join(
        ", ",
        seen.GroupBy(s => s.Call.Method, StringComparer.Ordinal).Select(method => string.Create(
            CultureInfo.InvariantCulture,
            $"{(method.Count() == 1 ? "its thread" : "its threads")} {string.Join(" and ", method.Select(s => s.Thread))} {(method.Count() == 1 ? "was" : "were")} in {method.Key}")));

    private static string Others(DeadProcess host, string pluginId)
    {
        string[] others = [.. host.Threads.SelectMany(Suspects).Select(c => c.PluginId).Where(id => id != pluginId).Distinct(StringComparer.Ordinal)];
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

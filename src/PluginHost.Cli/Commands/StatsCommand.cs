using PluginHost.Cli.Output;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Cli.Commands;

/// <summary><c>stats</c> and <c>faults</c>: the figures of a running host, else of the last recorded window.</summary>
internal static class StatsCommand
{
    /// <summary>Shows calls, latency and overhead.</summary>
    public static async Task<int> StatsAsync(Session session, string? attach, CancellationToken cancellationToken)
    {
        HostAttachment.Reading reading = await HostReader.ReadAsync(session, attach, cancellationToken).ConfigureAwait(false);
        SourceLine source = HostReader.Source(reading, session.Clock);
        RuntimeSnapshot snapshot = reading.Snapshot;
        PluginStats[] plugins = [.. snapshot.Stats.Plugins.Where(p => HasRun(p, snapshot.Plugins))];
        if (session.Screen.IsJson)
        {
            session.Screen.Document(
                new StatsDocument(source, snapshot.Stats.WindowSeconds, plugins, snapshot.Stats.Tiers, [.. WorkersOf(snapshot)]), ToolJson.Plain.StatsDocument);
            return ExitCode.Done;
        }

        session.Screen.Line(HostReader.Describe(source));
        session.Screen.People.Write(Tables.Tiers(snapshot.Stats.Tiers.Select(TierLine.Of)));
        session.Screen.People.Write(Tables.Methods(plugins));
        if (snapshot.Plugins.Select(PluginLine.Of).Where(ListCommand.HasSeveralWorkers).ToList() is { Count: > 0 } pools)
        {
            session.Screen.People.Write(Tables.Workers(pools));
        }

        foreach (string lost in snapshot.Plugins.Select(PluginLine.Of).SelectMany(p => p.LostThreads()))
        {
            session.Screen.Line(lost);
        }

        return ExitCode.Done;
    }

    private static IEnumerable<PluginWorkersLine> WorkersOf(RuntimeSnapshot snapshot) =>
        snapshot.Plugins.Where(p => p.Workers.Count > 0).Select(p => new PluginWorkersLine(p.Id, p.Workers));

    /// <summary>Shows fault records and restarts.</summary>
    public static async Task<int> FaultsAsync(Session session, string? attach, CancellationToken cancellationToken)
    {
        HostAttachment.Reading reading = await HostReader.ReadAsync(session, attach, cancellationToken).ConfigureAwait(false);
        SourceLine source = HostReader.Source(reading, session.Clock);
        FaultLine[] faults = [.. reading.Snapshot.Faults.Select(FaultLine.Of)];
        RestartLine[] restarts = [.. reading.Snapshot.Restarts.Select(RestartLine.Of)];
        if (session.Screen.IsJson)
        {
            session.Screen.Document(new FaultsDocument(source, faults, restarts), ToolJson.Plain.FaultsDocument);
            return ExitCode.Done;
        }

        session.Screen.Line(HostReader.Describe(source));
        session.Screen.People.Write(Tables.Faults(faults));
        session.Screen.People.Write(Tables.Restarts(restarts));
        return ExitCode.Done;
    }

    // A plugin has counters for the application's process wherever it runs; those that never counted are not its figures.
    private static bool HasRun(PluginStats stats, IReadOnlyList<PluginStatus> plugins) =>
        stats.Calls > 0 || stats.Faults > 0 || stats.InFlight > 0 || plugins.Any(p => p.Id == stats.Id && p.Tier == stats.Tier);
}

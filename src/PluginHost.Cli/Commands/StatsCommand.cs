using PluginHost.Cli.Output;
using PluginHost.Runtime.Control;

namespace PluginHost.Cli.Commands;

/// <summary><c>stats</c> and <c>faults</c>: the figures of a running host, else of the last recorded window.</summary>
internal static class StatsCommand
{
    /// <summary>Shows calls, latency and overhead.</summary>
    public static async Task<int> StatsAsync(Session session, string? attach, CancellationToken cancellationToken)
    {
        HostAttachment.Reading reading = await HostReader.ReadAsync(session.Settings, attach, cancellationToken).ConfigureAwait(false);
        SourceLine source = HostReader.Source(reading, session.Clock);
        RuntimeSnapshot snapshot = reading.Snapshot;
        if (session.Screen.IsJson)
        {
            session.Screen.Document(
                new StatsDocument(source, snapshot.Stats.WindowSeconds, snapshot.Stats.Plugins, snapshot.Stats.Tiers), ToolJson.Plain.StatsDocument);
            return ExitCode.Done;
        }

        session.Screen.Line(HostReader.Describe(source));
        session.Screen.People.Write(Tables.Tiers(snapshot.Stats.Tiers.Select(TierLine.Of)));
        session.Screen.People.Write(Tables.Methods(snapshot.Stats.Plugins));
        return ExitCode.Done;
    }

    /// <summary>Shows fault records and restarts.</summary>
    public static async Task<int> FaultsAsync(Session session, string? attach, CancellationToken cancellationToken)
    {
        HostAttachment.Reading reading = await HostReader.ReadAsync(session.Settings, attach, cancellationToken).ConfigureAwait(false);
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
}

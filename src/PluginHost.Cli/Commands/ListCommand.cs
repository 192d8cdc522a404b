using PluginHost.Cli.Output;
using PluginHost.Runtime;
using PluginHost.Runtime.Control;

namespace PluginHost.Cli.Commands;

/// <summary><c>list</c>: the plugins of a running host, else of the folder, read and placed and not started.</summary>
internal static class ListCommand
{
    /// <summary>Shows plugins with trust, tier and state.</summary>
    public static async Task<int> RunAsync(Session session, string? attach, CancellationToken cancellationToken)
    {
        HostAttachment.Reading? reading = attach is null
            ? await HostReader.FindRunningAsync(session, cancellationToken).ConfigureAwait(false)
            : await HostReader.ReadAsync(session, attach, cancellationToken).ConfigureAwait(false);
        SourceLine? source = reading is null ? null : HostReader.Source(reading, session.Clock);
        PluginLine[] plugins = reading is null
            ? await ReadFolderAsync(session, cancellationToken).ConfigureAwait(false)
            : [.. reading.Snapshot.Plugins.Select(PluginLine.Of)];
        if (session.Screen.IsJson)
        {
            session.Screen.Document(new ListDocument(source, plugins), ToolJson.Plain.ListDocument);
            return ExitCode.Done;
        }

        session.Screen.Line(source is null ? $"No host runs; the plugins of {session.Settings.Plugins} as they would start:" : HostReader.Describe(source));
        session.Screen.People.Write(Tables.Plugins(plugins));
        if (plugins.Where(HasSeveralWorkers).ToList() is { Count: > 0 } pools)
        {
            session.Screen.People.Write(Tables.Workers(pools));
        }

        foreach (string trouble in plugins.Select(p => p.Trouble()).OfType<string>())
        {
            session.Screen.Line(trouble);
        }

        foreach (string reason in plugins.Select(p => p.Unavailable).OfType<string>())
        {
            session.Screen.Line(reason);
        }

        foreach (string lost in plugins.SelectMany(p => p.LostThreads()))
        {
            session.Screen.Line(lost);
        }

        foreach (PluginLine demoted in plugins.Where(p => p.Demotion is not null))
        {
            session.Screen.Line($"{demoted.Id}: {demoted.Demotion}");
        }

        return ExitCode.Done;
    }

    /// <summary>True where the workers of a plugin are worth a table: more than one, or one that is missing.</summary>
    public static bool HasSeveralWorkers(PluginLine plugin) => plugin.Workers.Count > 1 || plugin.Workers.Any(w => w.State != Runtime.Model.WorkerState.Ready);

    private static async Task<PluginLine[]> ReadFolderAsync(Session session, CancellationToken cancellationToken)
    {
        PluginRuntime runtime = await PluginRuntime.StartAsync(session.Options with { StartPlugins = false }, cancellationToken).ConfigureAwait(false);
        await using (runtime.ConfigureAwait(false))
        {
            return [.. runtime.Status.Select(PluginLine.Of)];
        }
    }
}

using PluginHost.Cli.Output;
using PluginHost.Runtime.Control;

namespace PluginHost.Cli.Commands;

/// <summary>Finds the host that a command asks about: the one named, else the one that runs on the plugins folder, else the last recorded window.</summary>
internal static class HostReader
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Reads a host.</summary>
    /// <param name="session">What it works with.</param>
    /// <param name="attach">The state folder that <c>--attach</c> names, or null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ToolException">There is none, or several and none was named.</exception>
    public static async Task<HostAttachment.Reading> ReadAsync(Session session, string? attach, CancellationToken cancellationToken)
    {
        HostSettings settings = session.Settings;
        if ((attach ?? settings.State) is { } named)
        {
            return await AskAsync(session, named, cancellationToken).ConfigureAwait(false)
                ?? HostAttachment.LastWindow(named)
                ?? throw Nothing($"No host runs on the state folder '{Path.GetFullPath(named)}', and none has recorded figures there.");
        }

        return await FindRunningAsync(session, cancellationToken).ConfigureAwait(false)
            ?? HostAttachment.FoldersOf(settings.Plugins).Select(HostAttachment.LastWindow).OfType<HostAttachment.Reading>()
                .MaxBy(reading => reading.Snapshot.At)
            ?? throw Nothing($"No host runs on '{settings.Plugins}', and none has recorded figures.");
    }

    /// <summary>Reads the host that runs on the plugins folder; null where none does.</summary>
    /// <exception cref="ToolException">Several do.</exception>
    public static async Task<HostAttachment.Reading?> FindRunningAsync(Session session, CancellationToken cancellationToken)
    {
        HostSettings settings = session.Settings;
        List<HostAttachment.Reading> running = [];
        foreach (string folder in settings.State is { } named ? [named] : HostAttachment.FoldersOf(settings.Plugins))
        {
            if (await AskAsync(session, folder, cancellationToken).ConfigureAwait(false) is { } reading)
            {
                running.Add(reading);
            }
        }

        return running.Count > 1
            ? throw ToolException.Usage(
                $"{running.Count} hosts run on '{settings.Plugins}'; choose one with --attach: {string.Join(", ", running.Select(r => r.StateFolder))}.")
            : running.FirstOrDefault();
    }

    /// <summary>Asks the host of a state folder; null where none listens.</summary>
    /// <exception cref="ToolException">It listens and does not answer.</exception>
    public static async Task<HostAttachment.Reading?> AskAsync(Session session, string folder, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = new(s_patience, session.Clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await HostAttachment.AskAsync(folder, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(
                ExitCode.Failed, "state", $"The host of '{folder}' did not answer within {s_patience.TotalSeconds:0} s: it has been stopped (SIGSTOP, a debugger), or this machine has too much to do. Try again.");
        }
    }

    /// <summary>Says where figures come from.</summary>
    public static SourceLine Source(HostAttachment.Reading reading, TimeProvider clock) => new(
        reading.StateFolder,
        reading.IsRunning,
        reading.Snapshot.Pid,
        reading.Snapshot.At,
        Math.Round(Math.Max(0, (clock.GetUtcNow() - reading.Snapshot.At).TotalSeconds), 3));

    /// <summary>The same in words.</summary>
    public static string Describe(SourceLine source) => source.Running
        ? $"Host {source.Pid} runs on {source.StateFolder}."
        : $"No host runs; the last window is {TimeSpan.FromSeconds(Math.Round(source.AgeSeconds)):c} old, of host {source.Pid} on {source.StateFolder}.";

    private static ToolException Nothing(string message) =>
        new(ExitCode.Failed, "state", message + " Start one with 'pluginhost run', or name its state folder with --attach.");
}

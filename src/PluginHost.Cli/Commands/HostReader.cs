using PluginHost.Cli.Output;
using PluginHost.Runtime.Control;

namespace PluginHost.Cli.Commands;

/// <summary>Finds the host that a command asks about: the one named, else the one that runs on the plugins folder, else the last recorded window.</summary>
internal static class HostReader
{
    /// <summary>Reads a host.</summary>
    /// <param name="settings">What was typed.</param>
    /// <param name="attach">The state folder that <c>--attach</c> names, or null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ToolException">There is none, or several and none was named.</exception>
    public static async Task<HostAttachment.Reading> ReadAsync(HostSettings settings, string? attach, CancellationToken cancellationToken)
    {
        if ((attach ?? settings.State) is { } named)
        {
            return await HostAttachment.AskAsync(named, cancellationToken).ConfigureAwait(false)
                ?? HostAttachment.LastWindow(named)
                ?? throw Nothing($"No host runs on the state folder '{Path.GetFullPath(named)}', and none has recorded figures there.");
        }

        return await FindRunningAsync(settings, cancellationToken).ConfigureAwait(false)
            ?? HostAttachment.FoldersOf(settings.Plugins).Select(HostAttachment.LastWindow).OfType<HostAttachment.Reading>()
                .MaxBy(reading => reading.Snapshot.At)
            ?? throw Nothing($"No host runs on '{settings.Plugins}', and none has recorded figures.");
    }

    /// <summary>Reads the host that runs on the plugins folder; null where none does.</summary>
    /// <exception cref="ToolException">Several do.</exception>
    public static async Task<HostAttachment.Reading?> FindRunningAsync(HostSettings settings, CancellationToken cancellationToken)
    {
        List<HostAttachment.Reading> running = [];
        foreach (string folder in settings.State is { } named ? [named] : HostAttachment.FoldersOf(settings.Plugins))
        {
            if (await HostAttachment.AskAsync(folder, cancellationToken).ConfigureAwait(false) is { } reading)
            {
                running.Add(reading);
            }
        }

        return running.Count > 1
            ? throw ToolException.Usage(
                $"{running.Count} hosts run on '{settings.Plugins}'; choose one with --attach: {string.Join(", ", running.Select(r => r.StateFolder))}.")
            : running.FirstOrDefault();
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

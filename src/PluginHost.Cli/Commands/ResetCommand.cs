using PluginHost.Cli.Output;
using PluginHost.Runtime;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary><c>reset</c>: a person's word that a plugin may be tried again where trust and policy place it.</summary>
internal static class ResetCommand
{
    /// <summary>Resets a plugin of the running host, which starts it; without a host, what the state folder keeps of it.</summary>
    /// <param name="session">What it works with.</param>
    /// <param name="plugin">The plugin's id.</param>
    /// <param name="attach">The state folder that <c>--attach</c> names, or null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<int> RunAsync(Session session, string plugin, string? attach, CancellationToken cancellationToken)
    {
        if (attach is not null && !Directory.Exists(attach))
        {
            throw ToolException.Usage($"The state folder '{Path.GetFullPath(attach)}' does not exist; 'pluginhost list' says where the host runs.");
        }

        HostAttachment.Reading? running = attach is null
            ? await HostReader.FindRunningAsync(session, cancellationToken).ConfigureAwait(false)
            : await HostReader.AskAsync(session, attach, cancellationToken).ConfigureAwait(false);
        return running is null
            ? await ResetFolderAsync(session, plugin, attach, cancellationToken).ConfigureAwait(false)
            : await ResetRunningAsync(session, plugin, running, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<int> ResetRunningAsync(Session session, string plugin, HostAttachment.Reading running, CancellationToken cancellationToken)
    {
        PluginStatus before = running.Snapshot.Plugins.FirstOrDefault(p => p.Id == plugin) ?? throw CallCommand.UnknownPlugin(plugin, session.Settings);
        await HostAttachment.ResetAsync(running.StateFolder, plugin, cancellationToken).ConfigureAwait(false);
        HostAttachment.Reading after = await HostReader.ReadAsync(session, running.StateFolder, cancellationToken).ConfigureAwait(false);
        PluginStatus now = after.Snapshot.Plugins.FirstOrDefault(p => p.Id == plugin) ?? before;
        return Report(session, HostReader.Source(after, session.Clock), before.Demotion, now);
    }

    private static async Task<int> ResetFolderAsync(Session session, string plugin, string? attach, CancellationToken cancellationToken)
    {
        PluginRuntimeOptions options = session.Options with { Only = [plugin], StartPlugins = false };
        PluginRuntime runtime = await PluginRuntime.StartAsync(attach is null ? options : options with { StateFolder = attach }, cancellationToken).ConfigureAwait(false);
        await using (runtime.ConfigureAwait(false))
        {
            PluginStatus before = runtime.Status is [PluginStatus only, ..] ? only : throw CallCommand.UnknownPlugin(plugin, session.Settings);
            await runtime.ResetAsync(before.Id, start: false).ConfigureAwait(false);
            return Report(session, source: null, before.Demotion, runtime.Status[0]);
        }
    }

    private static int Report(Session session, SourceLine? source, string? lifted, PluginStatus status)
    {
        PluginLine now = PluginLine.Of(status);
        if (session.Screen.IsJson)
        {
            session.Screen.Document(new ResetDocument(source, lifted, now), ToolJson.Plain.ResetDocument);
            return ExitCode.Done;
        }

        session.Screen.Line(source is null ? $"No host runs; what was kept of {now.Id} is forgotten." : HostReader.Describe(source));
        session.Screen.Line(lifted is null ? $"{now.Id}: its failures are forgotten. It had not been demoted." : $"{now.Id} is no longer demoted. It was: {lifted}");
        session.Screen.People.Write(Tables.Plugins([now]));
        if (now.Trouble() is { } trouble)
        {
            session.Screen.Line(trouble);
        }

        return ExitCode.Done;
    }
}

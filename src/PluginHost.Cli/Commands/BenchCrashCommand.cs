using PluginHost.Cli.Bench;
using PluginHost.Cli.Output;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary><c>bench crash</c>: what a crash costs under load, beside what arithmetic says.</summary>
internal static class BenchCrashCommand
{
    /// <summary>How long a request takes inside the plugin unless told otherwise.</summary>
    public static readonly TimeSpan UsualServiceTime = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan s_longestServiceTime = TimeSpan.FromSeconds(1);

    /// <summary>Measures and shows.</summary>
    public static async Task<int> RunAsync(Session session, TimeSpan? serviceTime, CancellationToken cancellationToken)
    {
        TimeSpan service = serviceTime ?? UsualServiceTime;
        if (service < TimeSpan.FromMilliseconds(1) || service > s_longestServiceTime)
        {
            throw ToolException.Usage($"--service-time is {service:c}; expected 1ms to 1s.");
        }

        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-bench-");
        try
        {
            List<CrashLine> lines = [];
            foreach (SpareMode spare in Enum.GetValues<SpareMode>())
            {
                Restarted plugin = await Restarted.StartAsync(spare, ToolFolders.BenchPlugins, scratch.FullName, session.Loggers, session.Clock, cancellationToken).ConfigureAwait(false);
                await using (plugin.ConfigureAwait(false))
                {
                    foreach (bool isIdempotent in new[] { false, true })
                    {
                        session.Screen.Notice($"Spare: {Words.Of(spare)}; {(isIdempotent ? "idempotent" : "not idempotent")}.");
                        lines.Add(await new CrashRun(plugin, (int)service.TotalMilliseconds, isIdempotent, session.Clock).MeasureAsync(cancellationToken).ConfigureAwait(false));
                    }
                }
            }

            Show(session.Screen, new CrashDocument(Machine.Describe(CrashRun.Crashes), lines));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        return ExitCode.Done;
    }

    private static void Show(Screen screen, CrashDocument document)
    {
        if (screen.IsJson)
        {
            screen.Document(document, ToolJson.Plain.CrashDocument);
            return;
        }

        screen.People.Write(Tables.Crashes(document.Runs));
    }
}

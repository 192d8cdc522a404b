using PluginHost.Cli.Bench;
using PluginHost.Cli.Output;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary><c>bench crash</c>: what a crash costs under load, beside what arithmetic says.</summary>
internal static class BenchCrashCommand
{
    /// <summary>How long a request takes inside the plugin unless told otherwise.</summary>
    public static readonly TimeSpan UsualServiceTime = TimeSpan.FromMilliseconds(5);

    private const int MostWorkers = 64;
    private static readonly int[] s_usualWorkers = [1, 10];
    private static readonly TimeSpan s_longestServiceTime = TimeSpan.FromSeconds(1);

    /// <summary>Measures and shows.</summary>
    /// <param name="session">What it works with.</param>
    /// <param name="serviceTime">How long a request takes; null for the usual time.</param>
    /// <param name="workers">How many workers; null for one, and for ten.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<int> RunAsync(Session session, TimeSpan? serviceTime, int? workers, CancellationToken cancellationToken)
    {
        if (workers is < 1 or > MostWorkers)
        {
            throw ToolException.Usage($"--workers is {workers}; expected a number from 1 to {MostWorkers}.");
        }

        TimeSpan service = serviceTime ?? UsualServiceTime;
        if (service < TimeSpan.FromMilliseconds(1) || service > s_longestServiceTime || service.Ticks % TimeSpan.TicksPerMillisecond != 0)
        {
            throw ToolException.Usage($"--service-time is {service:c}; expected whole milliseconds from 1ms to 1s.");
        }

        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-bench-");
        BenchPlace place = new(ToolFolders.BenchPlugins, scratch.FullName, session.Loggers, session.Clock);
        try
        {
            List<CrashLine> lines = [];
            foreach (int count in workers is { } only ? [only] : s_usualWorkers)
            {
                // With several the others answer while one is replaced: the kind of spare changes little.
                foreach (SpareMode spare in count == 1 ? Enum.GetValues<SpareMode>() : [SpareMode.Warm])
                {
                    lines.AddRange(await MeasureAsync(spare, count, (int)service.TotalMilliseconds, place, session.Screen, cancellationToken).ConfigureAwait(false));
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

    private static async Task<List<CrashLine>> MeasureAsync(
        SpareMode spare, int workers, int serviceMilliseconds, BenchPlace place, Screen screen, CancellationToken cancellationToken)
    {
        List<CrashLine> lines = [];
        Restarted plugin = await Restarted.StartAsync(spare, workers, place, cancellationToken).ConfigureAwait(false);
        await using (plugin.ConfigureAwait(false))
        {
            foreach (bool isIdempotent in new[] { false, true })
            {
                screen.Notice($"{workers} worker(s); spare: {Words.Of(spare)}; {(isIdempotent ? "idempotent" : "not idempotent")}.");
                lines.Add(await new CrashRun(plugin, serviceMilliseconds, isIdempotent, place.Clock).MeasureAsync(cancellationToken).ConfigureAwait(false));
            }
        }

        return lines;
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

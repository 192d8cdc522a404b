using PluginHost.Cli.Bench;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary><c>bench start</c>: from the kill of a worker to the answer of the next call, with each kind of spare.</summary>
internal static class BenchStartCommand
{
    /// <summary>How often each is measured unless told otherwise.</summary>
    public const int UsualRounds = 25;

    private const int Warming = 3;

    /// <summary>Measures and shows.</summary>
    public static async Task<int> RunAsync(Session session, int rounds, CancellationToken cancellationToken)
    {
        if (rounds is < 1 or > 1000)
        {
            throw ToolException.Usage($"--rounds is {rounds}; expected a number from 1 to 1000.");
        }

        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-bench-");
        BenchPlace place = new(ToolFolders.BenchPlugins, scratch.FullName, session.Loggers, session.Clock);
        try
        {
            List<StartLine> lines = [];
            foreach (SpareMode spare in Enum.GetValues<SpareMode>())
            {
                session.Screen.Notice($"With {(spare == SpareMode.None ? "no" : $"a {Words.Of(spare)}")} spare.");
                lines.Add(await MeasureAsync(spare, place, rounds, cancellationToken).ConfigureAwait(false));
            }

            session.Screen.Notice("With a fresh worker for every call.");
            PerCallLine perCall = await FreshWorkers.MeasureAsync(place, rounds, cancellationToken).ConfigureAwait(false);
            session.Screen.Notice($"The memory of {PoolMemory.Workers} workers.");
            PoolMemoryLine pool = await PoolMemory.MeasureAsync(place, cancellationToken).ConfigureAwait(false);
            Show(session.Screen, new StartDocument(Machine.Describe(rounds), lines, perCall, pool));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        return ExitCode.Done;
    }

    private static async Task<StartLine> MeasureAsync(SpareMode spare, BenchPlace place, int rounds, CancellationToken cancellationToken)
    {
        Restarted plugin = await Restarted.StartAsync(spare, 1, place, cancellationToken).ConfigureAwait(false);
        await using (plugin.ConfigureAwait(false))
        {
            List<double> times = [];
            List<double> memory = [];
            for (int round = -Warming; round < rounds; round++)
            {
                await plugin.SettleAsync(cancellationToken).ConfigureAwait(false);
                double time = await plugin.KillAndCallAsync(cancellationToken).ConfigureAwait(false);
                if (round >= 0)
                {
                    times.Add(time);
                    memory.Add(plugin.ProportionalMebibytes());
                }
            }

            return new StartLine(
                PluginTier.Process,
                Words.Of(spare),
                TaxRun.PluginId,
                Math.Round(Distribution.Median([.. times]), 2),
                Math.Round(Distribution.At([.. times], 0.99), 2),
                Math.Round(Distribution.Median([.. memory]), 1));
        }
    }

    private static void Show(Screen screen, StartDocument document)
    {
        if (screen.IsJson)
        {
            screen.Document(document, ToolJson.Plain.StartDocument);
            return;
        }

        screen.People.Write(Tables.Starts(document.Runs));
        screen.People.Write(Tables.Facts(
            "A fresh worker for every call",
            ("workers at once, and kept ready", Tables.Text(document.PerCall.Workers)),
            ("p50 ms with one ready", Tables.Text(document.PerCall.P50Ms)),
            ("p99 ms", Tables.Text(document.PerCall.P99Ms)),
            ("sustained calls/s", Tables.Text(document.PerCall.SustainedCallsPerSecond))));
        screen.People.Write(Tables.Facts(
            "Memory of a worker in a pool",
            ("workers", Tables.Text(document.Pool.Workers)),
            ("PSS MiB, each", Tables.Text(document.Pool.PssMiB)),
            ("of that private MiB", Tables.Text(document.Pool.PrivateMiB))));
    }
}

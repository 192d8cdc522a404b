using System.Globalization;
using PluginHost.Cli.Bench;
using PluginHost.Cli.Output;

namespace PluginHost.Cli.Commands;

/// <summary><c>bench tax</c>: what a call costs in each tier, as ratios over floors of the same run.</summary>
internal static class BenchTaxCommand
{
    /// <summary>How long it measures unless told otherwise.</summary>
    public const double UsualSeconds = 28;

    private const double Fewest = 1;
    private const double Most = 3600;

    /// <summary>Measures and shows.</summary>
    public static async Task<int> RunAsync(Session session, double seconds, CancellationToken cancellationToken)
    {
        if (seconds is not (>= Fewest and <= Most))
        {
            throw ToolException.Usage(string.Create(CultureInfo.InvariantCulture, $"--seconds is {seconds}; expected a number from {Fewest} to {Most}."));
        }

        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-bench-");
        try
        {
            TaxRun run = await TaxRun.StartAsync(ToolFolders.BenchPlugins, scratch.FullName, session.Loggers, session.Clock, cancellationToken).ConfigureAwait(false);
            await using (run.ConfigureAwait(false))
            {
                Show(session.Screen, await run.MeasureAsync(TimeSpan.FromSeconds(seconds), session.Screen.Notice, cancellationToken).ConfigureAwait(false));
            }
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        return ExitCode.Done;
    }

    /// <summary>The other process of a floor.</summary>
    public static int Peer(string kind, string path) => kind switch
    {
        SocketPingPong.Kind => SocketPingPong.Answer(path),
        SharedMemoryPingPong.Kind => SharedMemoryPingPong.Answer(path),
        _ => ExitCode.Usage,
    };

    private static void Show(Screen screen, TaxDocument document)
    {
        if (screen.IsJson)
        {
            screen.Document(document, ToolJson.Plain.TaxDocument);
            return;
        }

        MachineLine machine = document.Machine;
        screen.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{machine.Os}, {machine.Runtime}, {machine.Cores} core(s){(machine.Pinned ? ", pinned to one" : "")}, medians of {machine.Rounds} rounds"));
        foreach (FloorLine floor in document.Floors)
        {
            screen.Line($"floor {floor.Name}: {(floor.Nanoseconds is { } ns ? $"{Tables.Text(ns)} ns" : $"{Tables.Text(floor.Microseconds!.Value)} µs")}");
        }

        screen.People.Write(Tables.Tax(document.Tiers));
        screen.People.Write(Tables.Musts(document.Musts));
        foreach (TaxLine tax in document.Tax)
        {
            screen.Line(string.Create(
                CultureInfo.InvariantCulture, $"{tax.CallsPerSecond,9:N0} calls/s {Words.Of(tax.Tier)}{(tax.Transport is null ? "" : $", {tax.Transport}")}: {tax.CorePercent:0.####} % of a core"));
        }
    }
}

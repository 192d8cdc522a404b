using System.Globalization;
using PluginHost.Cli.Bench;
using PluginHost.Cli.Output;

namespace PluginHost.Cli.Commands;

/// <summary><c>bench payload</c>: how fast large values cross to a plugin's process and back, over a plain copy in the same run.</summary>
internal static class BenchPayloadCommand
{
    /// <summary>Measures and shows.</summary>
    public static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-bench-");
        try
        {
            PayloadRun run = await PayloadRun.StartAsync(ToolFolders.BenchPlugins, scratch.FullName, session.Loggers, session.Clock, cancellationToken).ConfigureAwait(false);
            await using (run.ConfigureAwait(false))
            {
                Show(session.Screen, await run.MeasureAsync(session.Screen.Notice, cancellationToken).ConfigureAwait(false));
            }
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        return ExitCode.Done;
    }

    private static void Show(Screen screen, PayloadDocument document)
    {
        if (screen.IsJson)
        {
            screen.Document(document, ToolJson.Plain.PayloadDocument);
            return;
        }

        MachineLine machine = document.Machine;
        screen.Line(string.Create(
            CultureInfo.InvariantCulture, $"{machine.Os}, {machine.Runtime}, {machine.Cores} core(s), medians of {machine.Rounds} rounds"));
        foreach (MemcpyLine memcpy in document.Memcpy)
        {
            screen.Line($"memcpy of {Tables.Text(memcpy.Bytes)} bytes: {Tables.Text(memcpy.GigabytesPerSecond)} GB/s");
        }

        screen.People.Write(Tables.Payloads(document.Runs));
    }
}

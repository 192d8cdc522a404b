using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using PluginHost.Cli.Output;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary>
/// The tool, started a second time for the unload probe: a plugin that ends or breaks its process must not end the check, least of all with the exit code of one
/// that passed.
/// </summary>
internal static class ProbeProcess
{
    /// <summary>The option that names the file for what the probe found.</summary>
    public const string IntoOption = "--probe-into";

    /// <summary>Starts it and waits for what it finds.</summary>
    public static async Task<ProbeDocument> RunAsync(PluginFolderReport report, Session session, CancellationToken cancellationToken)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-probe-");
        try
        {
            string found = Path.Combine(scratch.FullName, "found.json");
            using Process process = Start(report.Folder, found, session.Settings);
            process.OutputDataReceived += (_, line) => Tell(session.Screen, line.Data);
            process.BeginOutputReadLine();
            try
            {
                await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }

            return File.Exists(found)
                ? JsonSerializer.Deserialize(await File.ReadAllTextAsync(found, cancellationToken).ConfigureAwait(false), ToolJson.Plain.ProbeDocument)!
                : Died(report, process.ExitCode);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    /// <summary>Writes what was found, for the process that waits for it: whole, or not at all.</summary>
    public static void Write(string file, ProbeDocument found)
    {
        File.WriteAllText(file + ".part", JsonSerializer.Serialize(found, ToolJson.Plain.ProbeDocument));
        File.Move(file + ".part", file);
    }

    private static Process Start(string folder, string found, HostSettings settings)
    {
        string tool = Environment.ProcessPath!;
        ProcessStartInfo start = new(tool) { RedirectStandardOutput = true, UseShellExecute = false };
        IEnumerable<string> shared = Path.GetFileNameWithoutExtension(tool) == "dotnet" ? [Assembly.GetEntryAssembly()!.Location] : [];
        foreach (string argument in (IEnumerable<string>)[.. shared, "check", folder, "--probe", IntoOption, found, "--plugins", settings.Plugins])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string option, string? value) in new[] { ("--policy", settings.Policy), ("--contracts", settings.Contracts), ("--state", settings.State) })
        {
            if (value is not null)
            {
                start.ArgumentList.Add(option);
                start.ArgumentList.Add(value);
            }
        }

        return Process.Start(start)!;
    }

    private static ProbeDocument Died(PluginFolderReport report, int exitCode)
    {
        const int firstSignal = 128;
        string how = exitCode > firstSignal
            ? string.Create(CultureInfo.InvariantCulture, $"signal {exitCode - firstSignal}")
            : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}");
        return new ProbeDocument(
            new ProbeLine(true, UnloadProbe.Because(report), null),
            new CheckProblem("start", $"The process that started and stopped it ended with {how} before it was done: inside the application the plugin would have ended that.", report.Folder));
    }

    private static void Tell(Screen screen, string? line)
    {
        if (line is not null)
        {
            screen.Notice(line);
        }
    }
}

using PluginHost.Cli.Checks;
using PluginHost.Cli.Output;
using PluginHost.Contracts;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Commands;

/// <summary><c>check</c>: everything that is wrong with a plugin's folder at once, what in its code is hostile to plugins, and the trust it can sensibly have.</summary>
internal static class CheckCommand
{
    /// <summary>The folder that was typed, and the settings that a host of the folder around it has.</summary>
    /// <exception cref="ToolException">It is no folder.</exception>
    public static HostSettings Settings(string folder, string? plugins, string? policy, string? contracts, string? state)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return Directory.Exists(full)
            ? HostSettings.Of(plugins ?? Path.GetDirectoryName(full), policy, contracts, state)
            : throw ToolException.Usage($"The plugin's folder '{full}' does not exist; name the folder that holds its plugin.json.");
    }

    /// <summary>Checks.</summary>
    /// <param name="session">What it works with.</param>
    /// <param name="folder">The plugin's folder.</param>
    /// <param name="probe">True to run the plugin whatever the policy says, false to run none of its code; null runs it where the policy grants full trust.</param>
    /// <param name="probeInto">Set in the process that runs the plugin: the file for what comes of that, and nothing else is done. Null in the one that a person started.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Failed where anything is wrong.</returns>
    public static async Task<int> RunAsync(Session session, string folder, bool? probe, string? probeInto, CancellationToken cancellationToken)
    {
        PluginFolderReport report = PluginFolder.Read(folder, session.Options);
        if (probeInto is not null)
        {
            ProbeProcess.Write(probeInto, await UnloadProbe.RunAsync(report, session, cancellationToken).ConfigureAwait(false));
            return ExitCode.Done;
        }

        PluginScan scan = PluginScan.Of(report.Folder, report.Manifest?.Entry, report.SharedAssemblies, report.Manifest?.Unloadable ?? true);
        List<CheckProblem> problems = [.. ProblemsOf(report, scan)];
        ProbeLine tried;
        if (UnloadProbe.WhyNot(report, probe) is { } why)
        {
            tried = new ProbeLine(false, why, null);
        }
        else
        {
            (tried, CheckProblem? failed) = await ProbeProcess.RunAsync(report, session, cancellationToken).ConfigureAwait(false);
            problems.AddRange(failed is null ? [] : [failed]);
        }

        CheckDocument document = new(
            report.Folder, problems.Count == 0, CheckedPlugin.Of(report.Manifest), report.ContentHash, CheckedPlacement.Of(report.Placement), problems, scan.Own, scan.Libraries,
            report.Assemblies.Assemblies, report.Assemblies.Problems,
            Verdict.Of(scan, report.Manifest?.Command is not null, tried.Unload is { } unload ? unload.Result != "unloaded" : null), tried);
        if (session.Screen.IsJson)
        {
            session.Screen.Document(document, ToolJson.Plain.CheckDocument);
        }
        else
        {
            CheckScreen.Show(session.Screen, document);
        }

        return document.Passed ? ExitCode.Done : ExitCode.Failed;
    }

    private static IEnumerable<CheckProblem> ProblemsOf(PluginFolderReport report, PluginScan scan)
    {
        foreach ((string check, IReadOnlyList<Problem> found) in new[]
        {
            ("manifest", report.ManifestProblems), ("contents", report.ContentProblems), ("contracts", report.ContractProblems),
        })
        {
            foreach (Problem problem in found)
            {
                yield return CheckProblem.Of(check, problem);
            }
        }

        foreach (PluginHost.Loading.PluginLoadException problem in report.LoadProblems)
        {
            yield return new CheckProblem("load", problem.Message, report.Folder);
        }

        foreach (string unreadable in scan.Unreadable)
        {
            yield return new CheckProblem("code", unreadable, report.Folder);
        }

        TrustLevel requested = report.Manifest?.Trust ?? TrustLevel.Full;
        foreach (Finding finding in scan.Own.Where(f => Verdict.Harms(f, requested)))
        {
            yield return new CheckProblem(
                "code",
                $"{finding.Rule}: {finding.Method ?? finding.Assembly} uses {finding.Api}, and the manifest requests {Words.Of(requested)}. {finding.What} {finding.Instead}",
                finding.At);
        }
    }
}

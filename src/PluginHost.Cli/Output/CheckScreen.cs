using PluginHost.Cli.Checks;

namespace PluginHost.Cli.Output;

/// <summary>A check as people read it.</summary>
internal static class CheckScreen
{
    /// <summary>Writes it.</summary>
    public static void Show(Screen screen, CheckDocument document)
    {
        screen.People.Write(Tables.Facts(
            document.Plugin?.Id ?? Path.GetFileName(document.Folder),
            ("version", document.Plugin?.Version),
            ("publisher (claimed)", document.Plugin?.Publisher),
            ("entry", document.Plugin?.Entry ?? (document.Plugin?.Command is { } command ? string.Join(' ', command) : null)),
            ("contracts", document.Plugin is { } plugin ? string.Join(", ", plugin.Contracts) : null),
            ("requested trust", document.Plugin is { } asks ? Words.Of(asks.RequestedTrust) : null),
            ("policy grants", document.Placement is { } placed ? Words.Of(placed.GrantedTrust) : null),
            ("content hash", document.ContentHash)));
        AssemblyScreen.Show(screen, document.Assemblies, document.AssemblyProblems, document.Folder);
        if (document.Findings.Count > 0)
        {
            screen.People.Write(Tables.Findings(document.Findings));
            foreach (Finding rule in document.Findings.DistinctBy(f => f.Rule))
            {
                screen.Line($"  {rule.Rule}: {Rules.All.First(r => r.Id == rule.Rule).What} {rule.Instead}");
            }
        }

        if (document.Libraries.Count > 0)
        {
            screen.People.Write(Tables.Libraries(document.Libraries));
        }

        screen.Line($"Unload probe: {(document.Probe.Ran ? "run" : "not run")}, {document.Probe.Because}");
        if (document.Probe.Unload is { } unload)
        {
            screen.Line($"  {unload.Result} after {Tables.Text(unload.Milliseconds)} ms");
            foreach (string holder in unload.Holders)
            {
                screen.Line($"  held by {holder}");
            }
        }

        screen.Line($"Sensible trust: {Words.Of(document.Sensible.Trust)} ({Words.Of(document.Sensible.Tier)})");
        foreach (string reason in document.Sensible.Because)
        {
            screen.Line($"  because: {reason}");
        }

        foreach (CheckProblem problem in document.Problems)
        {
            screen.Line($"problem ({problem.Check}): {Place(problem)}{problem.Message}");
        }

        screen.Line(document.Passed ? "No problems." : $"{document.Problems.Count} problem(s).");
    }

    private static string Place(CheckProblem problem) =>
        (problem.File is null ? "" : problem.Line is { } line ? $"{problem.File}:{line}:{problem.Column} " : $"{problem.File} ") + (problem.Path is null ? "" : $"{problem.Path}: ");
}

using PluginHost.Cli.Checks;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Loading;
using PluginHost.Runtime.Model;

namespace PluginHost.Cli.Output;

/// <summary>What <c>check --json</c> prints; <c>docs/check.md</c> describes it.</summary>
internal sealed record CheckDocument(
    string Folder,
    bool Passed,
    CheckedPlugin? Plugin,
    string? ContentHash,
    CheckedPlacement? Placement,
    IReadOnlyList<CheckProblem> Problems,
    IReadOnlyList<Finding> Findings,
    IReadOnlyList<LibraryFindings> Libraries,
    IReadOnlyList<LoadedAssembly> Assemblies,
    IReadOnlyList<AssemblyProblem> AssemblyProblems,
    Verdict Sensible,
    ProbeLine Probe);

/// <summary>The plugin by its manifest.</summary>
internal sealed record CheckedPlugin(string Id, string Version, string? Publisher, string? Entry, IReadOnlyList<string>? Command, IReadOnlyList<string> Contracts, TrustLevel RequestedTrust, bool Unloadable)
{
    /// <summary>The line of a manifest; null without one.</summary>
    public static CheckedPlugin? Of(PluginManifest? manifest) => manifest is null
        ? null
        : new CheckedPlugin(
            manifest.Id, manifest.Version, manifest.Publisher, manifest.Entry, manifest.Command, [.. manifest.Contracts.Select(c => c.ToString())], manifest.Trust, manifest.Unloadable);
}

/// <summary>Where the operator's policy would place it.</summary>
internal sealed record CheckedPlacement(TrustLevel GrantedTrust, PluginTier? Tier, IReadOnlyList<string> Reasons)
{
    /// <summary>The line of a placement; null without one.</summary>
    public static CheckedPlacement? Of(Placement? placement) => placement is null
        ? null
        : new CheckedPlacement(placement.Granted, placement.Tier, placement.Refusal is null ? placement.Reasons : [.. placement.Reasons, placement.Refusal]);
}

/// <summary>Something that is wrong with the plugin.</summary>
/// <param name="Check">What was checked: <c>manifest</c>, <c>contents</c>, <c>contracts</c>, <c>load</c>, <c>code</c>, <c>start</c> or <c>unload</c>.</param>
/// <param name="Message">What is wrong, with the values that disagree and what to do.</param>
/// <param name="File">The file or folder.</param>
/// <param name="Line">The line, from 1; null where there is none.</param>
/// <param name="Column">The column, from 1; null where there is none.</param>
/// <param name="Path">The member of the manifest; null where there is none.</param>
internal sealed record CheckProblem(string Check, string Message, string? File = null, int? Line = null, int? Column = null, string? Path = null)
{
    /// <summary>The line of a problem.</summary>
    public static CheckProblem Of(string check, Problem problem) => new(
        check, problem.Message, problem.File, problem.Line > 0 ? problem.Line : null, problem.Line > 0 ? problem.Column : null, problem.Path.Length > 0 ? problem.Path : null);
}

/// <summary>Whether the plugin was loaded and unloaded to see whether it lets go.</summary>
/// <param name="Ran">Whether its code ran.</param>
/// <param name="Because">Why it ran, or why not.</param>
/// <param name="Unload">What became of it; null where it did not run or did not start.</param>
internal sealed record ProbeLine(bool Ran, string Because, UnloadLine? Unload);

/// <summary>What the tool's second process, which ran the plugin, tells the first.</summary>
internal sealed record ProbeDocument(ProbeLine Probe, CheckProblem? Problem);

using System.Diagnostics;
using PluginHost.Cli.Output;
using PluginHost.Contracts;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Commands;

/// <summary>
/// Starts a plugin in a process of the tool, stops it, and proves by forced collections whether it is gone. A copy of its folder runs, in a scratch state
/// folder, under a policy that names its content: nothing of the operator's is touched.
/// </summary>
internal static class UnloadProbe
{
    /// <summary>Why a plugin is not tried; null where it is.</summary>
    /// <param name="report">The plugin.</param>
    /// <param name="wanted">What was typed: true for <c>--probe</c>, false for <c>--no-probe</c>.</param>
    public static string? WhyNot(PluginFolderReport report, bool? wanted) => report switch
    {
        _ when wanted == false => "--no-probe: none of its code was run.",
        { Manifest: null } or { ContentHash: null } => "its folder cannot be taken as a plugin; see the problems.",
        { Manifest.Command: not null } => "it is a program: the end of its process is its unload.",
        { Manifest.Trust: not TrustLevel.Full } => $"its manifest requests {Words.Of(report.Manifest.Trust)}: it never runs inside the application, and the end of its process is its unload.",
        { Manifest.Unloadable: false } => "its manifest says \"unloadable\": false: it is loaded for good.",
        { ContractProblems.Count: > 0 } or { LoadProblems.Count: > 0 } => "it cannot be loaded here; see the problems.",
        { Placement.Granted: TrustLevel.Full } => null,
        _ when wanted == true => null,
        _ => $"the policy grants it {Words.Of(report.Placement!.Granted)}, and the probe would run its code with your rights. --probe runs it all the same.",
    };

    /// <summary>Why a plugin is tried.</summary>
    public static string Because(PluginFolderReport report) => report.Placement is { Granted: TrustLevel.Full } ? "the policy grants it full trust." : "--probe: you asked for it.";

    /// <summary>Tries it in this process.</summary>
    /// <returns>What became of it, and what went wrong with its start.</returns>
    public static async Task<ProbeDocument> RunAsync(PluginFolderReport report, Session session, CancellationToken cancellationToken)
    {
        PluginManifest manifest = report.Manifest!;
        string because = Because(report);
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("pluginhost-check-");
        try
        {
            string plugins = Path.Combine(scratch.FullName, "plugins");
            Copy(report.Folder, Path.Combine(plugins, manifest.Id));
            PluginRuntimeOptions options = session.Options with
            {
                Directory = plugins,
                StateFolder = Path.Combine(scratch.FullName, "state"),
                PolicyFile = null,
                Policy = new PluginPolicy { Source = "pluginhost check", Rules = [new TrustRule { Id = manifest.Id, Sha256 = report.ContentHash, Trust = TrustLevel.Full }] },
                StartPlugins = false,
                ForceUnloadProof = true,
                NameHolders = true,
            };
            PluginRuntime runtime = await PluginRuntime.StartAsync(options, cancellationToken).ConfigureAwait(false);
            await using (runtime.ConfigureAwait(false))
            {
                await runtime.StartAsync(manifest.Id).ConfigureAwait(false);
                PluginStatus status = runtime.Status.Single();
                if (status.State != PluginState.Ready)
                {
                    return new ProbeDocument(new ProbeLine(true, because, null), new CheckProblem("start", $"It does not start: {(status.Reasons is [.., var why] ? why : Words.Of(status.State))}", report.Folder));
                }

                long started = Stopwatch.GetTimestamp();
                UnloadResult result = await runtime.StopAsync(manifest.Id).ConfigureAwait(false);
                double milliseconds = Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 3);
                double heap = Math.Round(GC.GetTotalMemory(forceFullCollection: false) / (1024.0 * 1024.0), 3);
                return new ProbeDocument(
                    new ProbeLine(true, because, new UnloadLine(Words.Of(result.Outcome), result.Holders, milliseconds, heap)),
                    result.Outcome == UnloadOutcome.Unloaded
                        ? null
                        : new CheckProblem("unload", $"It was stopped, and is {Words.Of(result.Outcome)}: something still refers to it. The findings name what usually does.", report.Folder));
            }
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}

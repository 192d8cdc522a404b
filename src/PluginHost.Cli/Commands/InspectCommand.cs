using System.Diagnostics;
using System.Text.Json;
using PluginHost.Cli.Output;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Loading;
using PluginHost.Runtime;
using PluginHost.Runtime.Control;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Cli.Commands;

/// <summary><c>inspect</c>: everything about one plugin: manifest, placement with every reason, assemblies, hash, and whether it unloads.</summary>
internal static class InspectCommand
{
    /// <summary>
    /// Shows one plugin, with its state in the host that runs on the folder. An in-process plugin is started in this process, since only its load context
    /// knows where each assembly comes from.
    /// </summary>
    /// <param name="session">What it works with.</param>
    /// <param name="plugin">The plugin's id.</param>
    /// <param name="unload">True stops it again and proves by forced collections that it is gone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Failed where the plugin stays in memory.</returns>
    public static async Task<int> RunAsync(Session session, string plugin, bool unload, CancellationToken cancellationToken)
    {
        HostAttachment.Reading? host = await RunningAsync(session, cancellationToken).ConfigureAwait(false);
        using InspectedFolder folder = InspectedFolder.Of(session.Options with { Only = [plugin], StartPlugins = false, ForceUnloadProof = unload, NameHolders = unload }, host);
        PluginRuntime runtime = await PluginRuntime.StartAsync(folder.Options, cancellationToken).ConfigureAwait(false);
        await using (runtime.ConfigureAwait(false))
        {
            PluginStatus status = runtime.Status is [PluginStatus only, ..] ? only : throw CallCommand.UnknownPlugin(plugin, session.Settings);
            if (status.Tier == PluginTier.InProcess)
            {
                await runtime.StartAsync(status.Id).ConfigureAwait(false);
            }

            PluginInspection inspection = runtime.Inspect(status.Id);
            UnloadLine? unloaded = unload && status.Tier == PluginTier.InProcess
                ? await UnloadAsync(runtime, status.Id).ConfigureAwait(false)
                : null;
            InspectDocument document = Document(inspection, folder, host is null ? null : HostReader.Source(host, session.Clock), unloaded);
            if (session.Screen.IsJson)
            {
                session.Screen.Document(document, ToolJson.Plain.InspectDocument);
            }
            else
            {
                Show(session.Screen, document);
            }

            if (unload && unloaded is null)
            {
                session.Screen.Notice($"{status.Id} does not run in-process: the end of its process is its unload.");
            }

            return unloaded is null or { Result: "unloaded" } ? ExitCode.Done : ExitCode.Failed;
        }
    }

    private static async Task<UnloadLine> UnloadAsync(PluginRuntime runtime, string plugin)
    {
        long started = Stopwatch.GetTimestamp();
        UnloadResult result = await runtime.StopAsync(plugin).ConfigureAwait(false);
        double milliseconds = Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 3);
        double heap = Math.Round(GC.GetTotalMemory(forceFullCollection: true) / (1024.0 * 1024.0), 3);

        // After a proof that was forced, what is still only asked to unload is what cannot be: the holder says why.
        UnloadOutcome outcome = result.Outcome == UnloadOutcome.Pending ? UnloadOutcome.Leaked : result.Outcome;
        return new UnloadLine(Words.Of(outcome), result.Holders, milliseconds, heap);
    }

    // Asked before this command's own runtime is up.
    private static async Task<HostAttachment.Reading?> RunningAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            return await HostReader.FindRunningAsync(session, cancellationToken).ConfigureAwait(false);
        }
        catch (ToolException several)
        {
            session.Screen.Notice($"How it runs is not shown: {several.Message}");
            return null;
        }
    }

    private static InspectDocument Document(PluginInspection inspection, InspectedFolder folder, SourceLine? source, UnloadLine? unloaded) => new(
        source,
        folder.StateOf(inspection.Status),
        inspection.Manifest,
        inspection.Placement,
        inspection.ContentHash,
        RuleOf(inspection),
        inspection.SourceFolder,
        folder.PathOf(inspection.StoreFolder),
        folder.PathOf(inspection.DataFolder),
        [.. inspection.Assemblies.Select(a => a with { From = folder.FileOf(a.From, inspection) })],
        inspection.AssemblyProblems,
        unloaded);

    // The rule by hash that would grant what the manifest requests, ready to be put into a policy.
    private static JsonElement? RuleOf(PluginInspection inspection)
    {
        if (inspection.ContentHash is not { } hash || inspection.Placement.Requested == TrustLevel.Untrusted)
        {
            return null;
        }

        Dictionary<string, string> rule = new()
        {
            ["id"] = inspection.Status.Id,
            ["trust"] = Words.Of(inspection.Placement.Requested),
            ["sha256"] = hash,
        };
        return JsonSerializer.SerializeToElement(rule);
    }

    private static string? Workers(PluginManifest? manifest) => manifest switch
    {
        null => null,
        { Isolation: IsolationMode.PerCall } => $"a fresh one for every call, at most {manifest.Workers} at once",
        _ => manifest.Workers.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    private static void Show(Screen screen, InspectDocument document)
    {
        PluginLine plugin = document.Plugin;
        screen.Line(document.Source is { } source ? HostReader.Describe(source) : "No host runs; the plugin as it would start:");
        screen.People.Write(Tables.Facts(
            plugin.Id,
            ("version", plugin.Version == document.Manifest?.Version ? plugin.Version : $"{document.Manifest?.Version ?? "none"} in the folder; {plugin.Version} runs"),
            ("publisher (claimed)", document.Manifest?.Publisher),
            ("contracts", string.Join(", ", plugin.Contracts)),
            ("requested trust", Words.Of(plugin.RequestedTrust)),
            ("granted trust", Words.Of(plugin.GrantedTrust)),
            ("tier", Words.Of(plugin.Tier)),
            ("state", Words.Of(plugin.State)),
            ("generation", Tables.Text(plugin.Generation)),
            ("last fault", plugin.FaultId),
            ("workers", Workers(document.Manifest)),
            ("folder", document.SourceFolder),
            ("store", document.StoreFolder),
            ("data", document.DataFolder),
            ("content hash", document.ContentHash),
            ("rule to grant it", document.Rule?.GetRawText())));
        foreach (string reason in plugin.Reasons)
        {
            screen.Line($"  because: {reason}");
        }

        if (plugin.Workers.Count > 0)
        {
            screen.People.Write(Tables.Workers([plugin]));
        }

        AssemblyScreen.Show(screen, document.Assemblies, document.AssemblyProblems, document.StoreFolder);
        if (document.Unload is { } unload)
        {
            screen.People.Write(Tables.Facts(
                "Unload",
                ("result", unload.Result),
                ("milliseconds", Tables.Text(unload.Milliseconds)),
                ("heap afterwards, MiB", Tables.Text(unload.HeapMiB)),
                ("still held by", unload.Holders.Count == 0 ? null : string.Join(", ", unload.Holders))));
        }
    }
}

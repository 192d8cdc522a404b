using System.Reflection;
using Microsoft.Extensions.Logging;
using NuGet.Versioning;
using PluginHost.Contracts;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Catalog;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime;

/// <summary>
/// Takes plugin folders through the way down: catalog, store, trust, placement, contracts. What cannot be prepared becomes a refused plugin with
/// every reason in words. Never throws for what is in a folder.
/// </summary>
internal sealed class PluginPreparation(
    PluginRuntimeOptions options,
    StateFolder state,
    PluginStore store,
    PolicyResult policy,
    KnownContracts contracts,
    Demotions demotions,
    ILogger logger)
{
    private static readonly Placement s_nowhere = new() { Requested = TrustLevel.Untrusted, Granted = TrustLevel.Untrusted, Tier = null, Reasons = [] };
    private bool _developmentTold;

    /// <summary>The version of this host library, which manifests' <c>host</c> ranges are held against.</summary>
    public static SemanticVersion HostVersion { get; } =
        SemanticVersion.Parse(typeof(PluginPreparation).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);

    /// <summary>Prepares every plugin of the directory.</summary>
    public IReadOnlyList<SupervisedPlugin> PrepareAll()
    {
        CatalogResult catalog = PluginCatalog.Scan(options.Directory);
        Report(catalog.Problems);
        return
        [
            .. catalog.Entries
                .Where(IsWanted)
                .Select(e => Prepare(e, again: false)),
        ];    }

    /// <summary>Prepares the plugin of one folder, found after the start; null where it holds none, or none that is to run.</summary>
    public SupervisedPlugin? PrepareFolder(string folder)
    {
        CatalogEntry? entry = PluginCatalog.Scan(options.Directory).Entries.FirstOrDefault(e => e.Folder == folder);
        return entry is not null && IsWanted(entry) ? Prepare(entry, again: true) : null;
    }

    /// <summary>Prepares one plugin anew, as its folder is now.</summary>
    public SupervisedPlugin PrepareAgain(SupervisedPlugin plugin)
    {
        CatalogResult catalog = PluginCatalog.Scan(options.Directory);
        CatalogEntry? entry = catalog.Entries.FirstOrDefault(e => e.Folder == plugin.SourceFolder);
        if (entry is null)
        {
            return Refused(plugin.Id, plugin.SourceFolder, [new Problem(plugin.SourceFolder, $"Its folder '{plugin.SourceFolder}' is no longer there; put it back or stop the plugin.")]);
        }

        return Prepare(entry, again: true);
    }

    /// <summary>Forgets what moved a plugin out of process, and places it as it would be without.</summary>
    /// <returns>The plugin, its content unchanged; the same where nothing had moved it.</returns>
    public SupervisedPlugin Undemote(SupervisedPlugin plugin)
    {
        demotions.Forget(plugin.Id);
        if (plugin is not { Inputs: { Demotion: not null } inputs, Placement.Tier: not null })
        {
            return plugin;
        }

        inputs = inputs with { Demotion = null };
        return plugin with { Inputs = inputs, Placement = Placing.Place(inputs) };
    }

    private bool IsWanted(CatalogEntry entry) => options.Only is null || options.Only.Contains(IdOf(entry));

    private static string IdOf(CatalogEntry entry) => entry.Manifest?.Id ?? entry.ClaimedId ?? Path.GetFileName(entry.Folder);

    private SupervisedPlugin Prepare(CatalogEntry entry, bool again)
    {
        if (entry.Manifest is null)
        {
            return Refused(IdOf(entry), entry.Folder, entry.Problems);
        }

        StoreResult stored = again ? store.LayAgain(entry.Folder) : store.Lay(entry.Folder);
        try
        {
            return stored.Plugin is { } plugin ? Place(plugin) : Refused(IdOf(entry), entry.Folder, stored.Problems);
        }
        catch (StateFolderException unusable)
        {
            // Its data folder: the others can run.
            return Refused(IdOf(entry), entry.Folder, [new Problem(entry.Folder, unusable.Message)]);
        }
    }

    private SupervisedPlugin Place(StoredPlugin stored)
    {
        PluginOverrides? overrides = Overrides.For(policy.Policy, stored.Manifest.Id);
        DevelopmentStanding standing = DevelopmentFolder.Of(policy.Policy.Development, stored.Source);
        if (standing is { Inside: true, Problem: null } && !_developmentTold)
        {
            _developmentTold = true;
            Log.DevelopmentFolder(logger, policy.Policy.Development!);
        }

        PlacementInputs inputs = new()
        {
            Manifest = stored.Manifest,
            ContentHash = stored.ContentHash,
            Policy = policy.Policy,
            PolicyProblems = policy.Problems,
            Development = standing,
            HostVersion = HostVersion,
            Demotion = demotions.Of(stored.Manifest.Id),
        };
        Placement placement = Placing.Place(inputs);
        PluginManifest manifest = Overrides.Apply(stored.Manifest, overrides);
        SupervisedPlugin plugin = new()
        {
            Id = manifest.Id,
            Manifest = manifest,
            Asked = stored.Manifest,
            SourceFolder = stored.Source,
            Folder = stored.Folder,
            ContentHash = stored.ContentHash,
            DataFolder = state.DataFolder(manifest.Id),
            CallsFolder = Path.Combine(state.Calls, manifest.Id),
            Settings = manifest.Settings,
            Spare = overrides?.Spare ?? SpareMode.Warm,
            MayBeDemoted = overrides?.Demotion,
            Inputs = inputs,
            Placement = WithWhatIsMissing(placement, manifest, stored),
        };
        return placement.Tier is null ? plugin : WithContracts(plugin, manifest);
    }

    /// <summary>Says of a program what it would fail for, before anybody starts it.</summary>
    private static Placement WithWhatIsMissing(Placement placement, PluginManifest manifest, StoredPlugin stored)
    {
        if (placement.Tier is null
            || manifest.Command is not { } command
            || ProgramCommand.Missing(command, stored.Folder, Environment.GetEnvironmentVariable("PATH")) is not { } missing)
        {
            return placement;
        }

        string sentence = $"{manifest.Id} is unavailable: {missing}";
        return placement with { Unavailable = sentence, Reasons = [.. placement.Reasons, sentence] };
    }

    private SupervisedPlugin WithContracts(SupervisedPlugin plugin, PluginManifest manifest)
    {
        (IReadOnlyList<ContractDescriptor> found, IReadOnlyList<string> problems) = ManifestContracts.Find(contracts, manifest);
        if (problems.Count > 0)
        {
            return plugin with { Placement = Refuse(plugin.Placement, problems) };
        }

        return plugin with { Contracts = found, SharedAssemblies = ManifestContracts.Shared(contracts, found, manifest) };
    }

    private SupervisedPlugin Refused(string id, string folder, IReadOnlyList<Problem> problems)
    {
        Report(problems);
        return new SupervisedPlugin { Id = id, SourceFolder = folder, Placement = Refuse(s_nowhere, [.. problems.Select(p => p.ToString())]) };
    }

    private static Placement Refuse(Placement placement, IReadOnlyList<string> problems) =>
        placement with { Tier = null, Refusal = string.Join(' ', problems), Reasons = [.. placement.Reasons, .. problems] };

    private void Report(IReadOnlyList<Problem> problems)
    {
        foreach (Problem problem in problems)
        {
            Log.Problem(logger, problem.ToString());
        }
    }
}

using System.Text.Json;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime;

/// <summary>What a supervisor needs to know of its plugin: read, placed, stored, with its contracts found. Immutable.</summary>
internal sealed record SupervisedPlugin
{
    /// <summary>The manifest with the operator's overrides applied; null where it could not be read.</summary>
    public PluginManifest? Manifest { get; init; }

    /// <summary>The manifest as its author wrote it; null where it could not be read.</summary>
    public PluginManifest? Asked { get; init; }

    /// <summary>The id; the folder's name where the manifest could not be read.</summary>
    public required string Id { get; init; }

    /// <summary>The operator's folder.</summary>
    public required string SourceFolder { get; init; }

    /// <summary>The store's copy; null where it was not laid out.</summary>
    public string? Folder { get; init; }

    /// <summary>The content's hash; null where it was not laid out.</summary>
    public string? ContentHash { get; init; }

    /// <summary>The plugin's data folder.</summary>
    public string? DataFolder { get; init; }

    /// <summary>The folder for the folders of workers that live for one call; null where it was not laid out.</summary>
    public string? CallsFolder { get; init; }

    /// <summary>The settings with the operator's overrides applied.</summary>
    public JsonElement Settings { get; init; } = PluginManifest.EmptySettings;

    /// <summary>Where it runs and why.</summary>
    public required Placement Placement { get; init; }

    /// <summary>What stands ready for its next generation.</summary>
    public SpareMode Spare { get; init; } = SpareMode.Warm;

    /// <summary>Whether the policy lets the host move it out of process; null where it says nothing.</summary>
    public bool? MayBeDemoted { get; init; }

    /// <summary>What its placement was decided from; null where it was not.</summary>
    public PlacementInputs? Inputs { get; init; }

    /// <summary>What its workers found in <see cref="Folder"/>.</summary>
    public LoadFindings Findings { get; init; } = new();

    /// <summary>The host's descriptors of its contracts.</summary>
    public IReadOnlyList<ContractDescriptor> Contracts { get; init; } = [];

    /// <summary>The host's assemblies that it shares: simple names to paths.</summary>
    public IReadOnlyDictionary<string, string> SharedAssemblies { get; init; } = new Dictionary<string, string>();
}

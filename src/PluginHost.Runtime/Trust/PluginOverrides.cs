using System.Text.Json;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>The operator's choices for one plugin, over what its manifest says. Null leaves what the manifest says.</summary>
public sealed record PluginOverrides
{
    /// <summary>Settings, a JSON object, merged over the manifest's member by member.</summary>
    public JsonElement? Settings { get; init; }

    /// <summary>How many workers, 1 to 1024.</summary>
    public int? Workers { get; init; }

    /// <summary>Whether every call gets a worker of its own.</summary>
    public IsolationMode? Isolation { get; init; }

    /// <summary>Limits, merged member by member.</summary>
    public LimitOverrides Limits { get; init; } = new();

    /// <summary>Recycling, merged member by member.</summary>
    public RecycleOverrides Recycle { get; init; } = new();

    /// <summary>The restart budget, merged member by member.</summary>
    public RestartOverrides Restart { get; init; } = new();

    /// <summary>A tier farther than the effective trust's closest; a closer one is ignored, and the placement says so.</summary>
    public PluginTier? Tier { get; init; }

    /// <summary>A trust that the plugin may not exceed, whatever grants it more. Never grants anything.</summary>
    public TrustLevel? MaxTrust { get; init; }

    /// <summary>The permissions granted, in place of those requested. Null grants none.</summary>
    public PluginPermissions? Permissions { get; init; }

    /// <summary>
    /// The host services granted of those that the manifest's <c>uses</c> asks for. Null grants all to a plugin of full trust, which could reach
    /// everything anyway, and none to any other.
    /// </summary>
    public IReadOnlyList<ContractReference>? Uses { get; init; }

    /// <summary>
    /// Which plugin serves a contract to this one: a contract's name without a version to a plugin's id. For the others the application is asked
    /// first, then the one plugin that offers it.
    /// </summary>
    public IReadOnlyDictionary<string, string> Services { get; init; } = new Dictionary<string, string>();

    /// <summary>What stands ready for the plugin's next generation. Default <see cref="SpareMode.Warm"/>. In-process plugins have none.</summary>
    public SpareMode Spare { get; init; } = SpareMode.Warm;

    /// <summary>
    /// Whether the host may move the plugin from in-process to a child process by itself. True: past the budgets of
    /// <see cref="PluginRuntimeOptions.Demotion"/>, kept until the plugin is reset. False: never; where it cannot be started again in-process it is
    /// quarantined. Null, the default: only for the host's own life, and only where it cannot be started again in-process.
    /// </summary>
    public bool? Demotion { get; init; }
}

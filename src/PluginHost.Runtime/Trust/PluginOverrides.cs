using System.Text.Json;
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

    /// <summary>Whether the host may move the plugin to a farther tier by itself. Default false.</summary>
    public bool Demotion { get; init; }
}

using System.Text.Json;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>What the operator grants and overrides: a <c>pluginhost.json</c>, or the same built in code. Immutable.</summary>
public sealed record PluginPolicy
{
    /// <summary>A policy that grants nothing: every plugin is untrusted.</summary>
    public static PluginPolicy Nothing { get; } = new() { Source = null };

    /// <summary>Where it comes from, for people: the file's full path; null where there is no policy at all. Default "the application's policy".</summary>
    public string? Source { get; init; } = "the application's policy";

    /// <summary>The rules; the first that matches a plugin decides its trust. Default none.</summary>
    public IReadOnlyList<TrustRule> Rules { get; init; } = [];

    /// <summary>
    /// A folder, a full path, whose plugins get the trust they request where no rule matches them; for development. It must be owned by
    /// this user or root and writable by nobody else. Default none.
    /// </summary>
    public string? Development { get; init; }

    /// <summary>The operator's settings for single plugins, by plugin id. Default none.</summary>
    public IReadOnlyDictionary<string, PluginOverrides> Plugins { get; init; } = new Dictionary<string, PluginOverrides>();

    /// <summary>All that is wrong with this policy, one sentence each; empty where it may be used. Looks at the development folder.</summary>
    public IReadOnlyList<string> Validate() => throw new NotSupportedException();
}

/// <summary>One rule of a policy. It matches where everything that it names matches.</summary>
public sealed record TrustRule
{
    /// <summary>The plugin's id, with <c>*</c> for any characters and <c>?</c> for one. Only narrows. Default <c>*</c>.</summary>
    public string Id { get; init; } = "*";

    /// <summary>The publisher that the manifest claims. Only narrows. Default any.</summary>
    public string? Publisher { get; init; }

    /// <summary>The trust granted. More than <see cref="TrustLevel.Untrusted"/> needs <see cref="SignedBy"/> or <see cref="Sha256"/>.</summary>
    public required TrustLevel Trust { get; init; }

    /// <summary>A pinned publisher key: its public key (SubjectPublicKeyInfo) in base64. Signatures are not verified in this release: such a rule matches nothing.</summary>
    public string? SignedBy { get; init; }

    /// <summary>The plugin's content hash: 64 hexadecimal digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>A remark for people. Default none.</summary>
    public string? Comment { get; init; }
}

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

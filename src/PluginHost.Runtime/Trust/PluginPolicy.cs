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
    public IReadOnlyList<string> Validate() => PolicyChecks.Problems(this);
}

using PluginHost.Contracts.Faults;
using PluginHost.Loading;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// What a worker must be given when it is started and cannot be given later. Workers of one class are alike until they load: each can become any
/// plugin of the class. Two are equal where everything of them is.
/// </summary>
internal sealed record WorkerClass
{
    /// <summary>The tier.</summary>
    public required PluginTier Tier { get; init; }

    /// <summary>The longest message, both ways.</summary>
    public required int MessageBytes { get; init; }

    /// <summary>The managed heap's limit; null for none.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Whether its traces are believed.</summary>
    public bool TrustsTrace { get; init; }

    /// <summary>The frameworks that it needs beyond those of every worker, as <c>NAME/VERSION</c> joined by <c>;</c>; empty for none.</summary>
    public string Frameworks { get; init; } = "";

    /// <summary>The variables of the host's environment that the operator granted, as they are now.</summary>
    public IEnumerable<KeyValuePair<string, string>> Variables =>
        Granted.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)).Select(p => new KeyValuePair<string, string>(p[0], p[1]));

    // One text, so that the record's equality covers it; not public, so that no log prints it.
    private string Granted { get; init; } = "";

    /// <summary>The class that a generation needs.</summary>
    public static WorkerClass Of(StartRequest request, PluginTier tier) => new()
    {
        Tier = tier,
        MessageBytes = request.Manifest.Limits.Message,
        MemoryBytes = request.Manifest.Limits.Memory,
        TrustsTrace = request.TrustsTrace,
        Frameworks = request.Findings?.Frameworks(() => FrameworksOf(request)) ?? FrameworksOf(request),
        Granted = string.Join('\0', GrantedOf(request.Manifest.Permissions.Env)),
    };

    private static string FrameworksOf(StartRequest request) => request.Manifest.Entry is { } entry
        ? string.Join(';', PluginFrameworks.Beyond(request.Folder, entry).Select(f => $"{f.Name}/{f.Version}"))
        : "";

    private static IEnumerable<string> GrantedOf(IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            return [];
        }

        Dictionary<string, string> host = ChildEnvironment.OfThisProcess();
        return names.Distinct().Where(host.ContainsKey).Order(StringComparer.Ordinal).Select(name => $"{name}={host[name]}");
    }
}

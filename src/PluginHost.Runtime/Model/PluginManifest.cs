using System.Text.Json;
using PluginHost.Contracts;

namespace PluginHost.Runtime.Model;

/// <summary>A <c>plugin.json</c>, read and valid: what the plugin's author asks for. Immutable.</summary>
public sealed record PluginManifest
{
    /// <summary>The id: 1 to 128 characters of letters, digits, dot, dash, underscore; starts with a letter or digit.</summary>
    public required string Id { get; init; }

    /// <summary>The version (SemVer 2).</summary>
    public required string Version { get; init; }

    /// <summary>The name for people; the id where absent.</summary>
    public required string Name { get; init; }

    /// <summary>Who claims to have made it; proves nothing. Null where absent.</summary>
    public string? Publisher { get; init; }

    /// <summary>The assembly to load, a file name inside the plugin's folder; null where <see cref="Command"/> is set.</summary>
    public string? Entry { get; init; }

    /// <summary>A program and its arguments in place of an assembly; null where <see cref="Entry"/> is set.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Where a <see cref="Command"/> speaks with the host. Default <see cref="ProgramChannel.Stdio"/>.</summary>
    public ProgramChannel Channel { get; init; }

    /// <summary>The contracts it implements. At least one.</summary>
    public required IReadOnlyList<ContractReference> Contracts { get; init; }

    /// <summary>The contracts of the host it wants to call.</summary>
    public IReadOnlyList<ContractReference> Uses { get; init; } = [];

    /// <summary>The trust it requests. Default <see cref="TrustLevel.Untrusted"/>.</summary>
    public TrustLevel Trust { get; init; } = TrustLevel.Untrusted;

    /// <summary>The range of host versions it runs on, such as <c>&gt;=1.0.0 &lt;2.0.0</c>; null for any.</summary>
    public string? Host { get; init; }

    /// <summary>False where the in-process tier should load it for good. Default true.</summary>
    public bool Unloadable { get; init; } = true;

    /// <summary>How many workers. Default 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Whether every call gets a worker of its own. Default <see cref="IsolationMode.Shared"/>.</summary>
    public IsolationMode Isolation { get; init; } = IsolationMode.Shared;

    /// <summary>The limits.</summary>
    public PluginLimits Limits { get; init; } = new();

    /// <summary>When a worker is replaced without a fault.</summary>
    public RecycleOptions Recycle { get; init; } = new();

    /// <summary>How many restarts in which time.</summary>
    public RestartOptions Restart { get; init; } = new();

    /// <summary>What it asks to reach.</summary>
    public PluginPermissions Permissions { get; init; } = new();

    /// <summary>The plugin's own settings: a JSON object.</summary>
    public JsonElement Settings { get; init; } = EmptySettings;

    /// <summary>An empty JSON object.</summary>
    public static JsonElement EmptySettings { get; } = JsonElement.Parse("{}");
}

/// <summary>A contract as a manifest names it: <c>Namespace.IContract@1</c>.</summary>
/// <param name="Name">The interface's full name.</param>
/// <param name="Major">The major version.</param>
public sealed record ContractReference(string Name, int Major)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}@{Major}";
}

/// <summary>Whether calls share workers.</summary>
public enum IsolationMode
{
    /// <summary>Calls share the plugin's workers.</summary>
    Shared,

    /// <summary>Every call gets a fresh worker and an empty data folder.</summary>
    PerCall,
}

/// <summary>Where a program speaks with the host.</summary>
public enum ProgramChannel
{
    /// <summary>Messages come on its standard input and go to its standard output, where it prints nothing else.</summary>
    Stdio,

    /// <summary>On a connected socket whose number is in <c>PLUGINHOST_FD</c>; what it prints is logged.</summary>
    Descriptor,
}

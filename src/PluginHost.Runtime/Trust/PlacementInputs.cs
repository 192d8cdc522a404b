using NuGet.Versioning;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>All that decides where a plugin runs. Immutable.</summary>
internal sealed record PlacementInputs
{
    /// <summary>The manifest as its author wrote it.</summary>
    public required PluginManifest Manifest { get; init; }

    /// <summary>The plugin's content hash from the store: 64 hexadecimal digits.</summary>
    public required string ContentHash { get; init; }

    /// <summary>The operator's policy.</summary>
    public required PluginPolicy Policy { get; init; }

    /// <summary>What is wrong with the policy; anything here refuses every plugin.</summary>
    public IReadOnlyList<Problem> PolicyProblems { get; init; } = [];

    /// <summary>How the plugin's folder stands to the policy's development folder.</summary>
    public DevelopmentStanding Development { get; init; } = DevelopmentStanding.Outside;

    /// <summary>The host's own version.</summary>
    public required SemanticVersion HostVersion { get; init; }

    /// <summary>A farther tier that the host wants after faults, with the reason; null for none. Followed only where the policy allows demotion.</summary>
    public Demotion? Demotion { get; init; }
}

/// <summary>How a plugin's folder stands to the development folder.</summary>
/// <param name="Inside">Whether it lies directly in it.</param>
/// <param name="Problem">Why nothing is granted all the same; null where the folder is safe.</param>
internal sealed record DevelopmentStanding(bool Inside, string? Problem)
{
    /// <summary>Not in a development folder.</summary>
    public static DevelopmentStanding Outside { get; } = new(false, null);
}

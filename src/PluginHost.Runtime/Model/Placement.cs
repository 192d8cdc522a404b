using PluginHost.Contracts;
using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.Model;

/// <summary>Where one plugin runs, and why. Immutable.</summary>
public sealed record Placement
{
    /// <summary>The trust its manifest requests.</summary>
    public required TrustLevel Requested { get; init; }

    /// <summary>The trust it has: the lower of requested and granted.</summary>
    public required TrustLevel Granted { get; init; }

    /// <summary>The tier, or null where it may not run at all.</summary>
    public required PluginTier? Tier { get; init; }

    /// <summary>Every reason in words, the deciding rule first.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>
    /// Why the host itself moved it to a farther tier than trust and policy choose, and what lifts that; null where it did not. Also among
    /// <see cref="Reasons"/>.
    /// </summary>
    public string? Demotion { get; init; }

    /// <summary>What is missing on this machine, so that a start would fail, with the remedy; null where nothing is known to be missing.</summary>
    public string? Unavailable { get; init; }

    /// <summary>The host services it may call: what its manifest's <c>uses</c> asks for and the policy grants. Default none.</summary>
    public IReadOnlyList<ContractReference> Uses { get; init; } = [];

    /// <summary>Why it may not run, with the remedy; null where it may.</summary>
    public string? Refusal { get; init; }
}

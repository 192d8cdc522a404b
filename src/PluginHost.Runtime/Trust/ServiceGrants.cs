using PluginHost.Contracts;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>Which host services a policy grants of those that a manifest asks for. Pure.</summary>
internal static class ServiceGrants
{
    /// <summary>What is granted, in the manifest's order.</summary>
    public static IReadOnlyList<ContractReference> Of(PluginManifest manifest, PluginOverrides? overrides, TrustLevel effective) =>
        overrides?.Uses is { } granted ? [.. manifest.Uses.Where(granted.Contains)]
        : effective == TrustLevel.Full ? manifest.Uses
        : [];

    /// <summary>Says what is granted and what is not, and why.</summary>
    public static IEnumerable<string> Reasons(PluginManifest manifest, PluginOverrides? overrides, TrustLevel effective)
    {
        var granted = Of(manifest, overrides, effective);
        if (granted.Count > 0)
        {
            yield return $"It may call host services: {string.Join(", ", granted)} ({(overrides?.Uses is null ? "full trust gets what it asks for" : "the policy's \"uses\" grants it")}).";
        }

        if (manifest.Uses.Except(granted).ToList() is { Count: > 0 } refused)
        {
            yield return overrides?.Uses is null
                ? $"It may not call {string.Join(", ", refused)}: {SharedSections.Word(effective)} gets no host service by itself. Grant it in the policy: \"plugins\": {{ \"{manifest.Id}\": {{ \"uses\": [\"{refused[0]}\"] }} }}."
                : $"It may not call {string.Join(", ", refused)}: the policy's \"uses\" does not grant it.";
        }

        if (overrides?.Uses?.Except(manifest.Uses).ToList() is { Count: > 0 } idle)
        {
            yield return $"The policy's \"uses\" grants {string.Join(", ", idle)}, which its manifest does not ask for: not in effect.";
        }
    }
}

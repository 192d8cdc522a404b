using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime;

/// <summary>Finds the host's contracts that a manifest names.</summary>
internal static class ManifestContracts
{
    /// <summary>Looks for each.</summary>
    /// <returns>Those that the host has in the major that is asked for, and a sentence for each other one.</returns>
    public static (IReadOnlyList<ContractDescriptor> Found, IReadOnlyList<string> Problems) Find(KnownContracts contracts, PluginManifest manifest)
    {
        List<string> problems = [];
        List<ContractDescriptor> found = [];
        foreach (ContractReference reference in manifest.Contracts)
        {
            if (contracts.Find(reference) is not { } contract)
            {
                problems.Add(
                    $"The host has no contract '{reference.Name}'. Contracts come from the host alone: reference its assembly in the application, "
                    + "or put it into the contracts folder.");
            }
            else if (contract.Major != reference.Major)
            {
                problems.Add(
                    $"The manifest names '{reference}', but the host has '{contract.VersionedName}'. Install a host or a plugin of the same major version.");
            }
            else
            {
                found.Add(contract);
            }
        }

        return (found, problems);
    }

    /// <summary>The host's assemblies that a plugin with these contracts shares: simple names to paths.</summary>
    public static IReadOnlyDictionary<string, string> Shared(KnownContracts contracts, IReadOnlyList<ContractDescriptor> found, PluginManifest manifest) =>
        KnownContracts.SharedAssemblies([.. found, .. manifest.Uses.Select(contracts.Find).OfType<ContractDescriptor>()]);
}

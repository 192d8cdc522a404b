using System.Globalization;
using NuGet.Versioning;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime;

/// <summary>Says whether a folder's new content may take the place of what runs without a person. Pure.</summary>
internal static class Upgrade
{
    private const string Consent = "Nobody has agreed to that: reload it with acceptChanges, or restart the application, to take it.";

    /// <summary>Why it may not, with the values that disagree; null where it may.</summary>
    /// <param name="old">What runs, or ran.</param>
    /// <param name="next">What the folder holds now.</param>
    /// <param name="isAccepted">A person has agreed to another trust, other permissions, another publisher or an older version.</param>
    public static PluginException? Refusal(SupervisedPlugin old, SupervisedPlugin next, bool isAccepted)
    {
        if (next.Id != old.Id)
        {
            return Refused(old, $"The folder's manifest names the plugin '{next.Id}' now, expected '{old.Id}'. Put the other plugin into a folder of its own.");
        }

        if (OtherMajor(old, next) is { } mismatch)
        {
            return new ContractMismatchException($"{old.Id}: {mismatch}", new PluginFault(old.Id, FaultKind.ContractMismatch) { Tier = old.Placement.Tier });
        }

        if (next.Placement.Tier is null || next.Manifest is null)
        {
            return Refused(old, next.Placement.Refusal ?? "It may not run.");
        }

        if (OtherContracts(old.Contracts, next) is { } others)
        {
            return Refused(old, others);
        }

        return isAccepted || Change(old, next) is not { } change ? null : Refused(old, $"{change} {Consent}");
    }

    /// <summary>Says that the folder names other contracts than the application was given; null where it does not.</summary>
    private static string? OtherContracts(IReadOnlyList<ContractDescriptor> given, SupervisedPlugin next) =>
        next.Contracts.Select(c => c.Name).SequenceEqual(given.Select(c => c.Name))
            ? null
            : $"The folder's manifest names other contracts ({Names(next.Contracts)}) than the running plugin ({Names(given)}); restart the application to take it.";

    private static string? OtherMajor(SupervisedPlugin old, SupervisedPlugin next)
    {
        foreach (ContractReference wanted in next.Manifest?.Contracts ?? [])
        {
            if (old.Contracts.FirstOrDefault(c => c.Name == wanted.Name) is { } given && given.Major != wanted.Major)
            {
                return $"The new version implements {wanted}, and the application has {given.VersionedName}. Install a host or a plugin of the same major version.";
            }
        }

        return null;
    }

    private static string? Change(SupervisedPlugin old, SupervisedPlugin next)
    {
        PluginManifest? before = old.Asked;
        PluginManifest? after = next.Asked;
        if (before is null || after is null)
        {
            return null;
        }

        if (after.Trust != before.Trust)
        {
            return $"The new version requests {SharedSections.Word(after.Trust)}, and {SharedSections.Word(before.Trust)} was requested before.";
        }

        if (next.Placement.Granted != old.Placement.Granted || next.Placement.Tier != old.Placement.Tier)
        {
            return $"The new version is granted {SharedSections.Word(next.Placement.Granted)} and would run in {next.Placement.Tier}, and {SharedSections.Word(old.Placement.Granted)} in {old.Placement.Tier} was granted before.";
        }

        if (Permissions(after.Permissions) is var wanted && Permissions(before.Permissions) is var had && wanted != had)
        {
            return $"The new version requests the permissions {wanted}, and {had} were requested before.";
        }

        if (!next.Placement.Uses.ToHashSet().SetEquals(old.Placement.Uses))
        {
            return $"The new version may call {Names(next.Placement.Uses)}, and {Names(old.Placement.Uses)} before.";
        }

        if (after.Publisher != before.Publisher)
        {
            return $"The new version names {Publisher(after)}, and {Publisher(before)} was named before.";
        }

        return SemanticVersion.Parse(after.Version) < SemanticVersion.Parse(before.Version)
            ? $"The folder holds version {after.Version}, which is older than {before.Version}."
            : null;
    }

    private static string Permissions(PluginPermissions permissions) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{ read: [{Sorted(permissions.Read)}], write: [{Sorted(permissions.Write)}], env: [{Sorted(permissions.Env)}], network: {(permissions.Network ? "true" : "false")} }}");

    private static string Sorted(IReadOnlyList<string> names) => string.Join(", ", names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private static string Publisher(PluginManifest manifest) => manifest.Publisher is { } publisher ? $"the publisher '{publisher}'" : "no publisher";

    private static string Names(IReadOnlyList<ContractReference> contracts) => contracts.Count == 0 ? "no host service" : string.Join(", ", contracts);

    private static string Names(IReadOnlyList<ContractDescriptor> contracts) => contracts.Count == 0 ? "none" : string.Join(", ", contracts.Select(c => c.VersionedName));

    private static PluginRefusedException Refused(SupervisedPlugin old, string why) =>
        new($"{old.Id}: {why}", new PluginFault(old.Id, FaultKind.Refused) { Tier = old.Placement.Tier });
}

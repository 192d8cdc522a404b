using System.IO.Enumeration;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>Decides where a plugin runs. Pure.</summary>
internal static class Placing
{
    /// <summary>Decides, with every reason in words, the deciding rule first.</summary>
    public static Placement Place(PlacementInputs inputs)
    {
        var manifest = inputs.Manifest;
        var overrides = Overrides.For(inputs.Policy, manifest.Id);
        var reasons = new List<string>();
        var granted = inputs.PolicyProblems.Count == 0 ? Grant(inputs, reasons) : TrustLevel.Untrusted;
        if (manifest.Trust > granted)
        {
            reasons.Add($"The manifest requests {SharedSections.Word(manifest.Trust)}, but {SharedSections.Word(granted)} is granted: the lower counts.");
        }
        else if (manifest.Trust < granted)
        {
            reasons.Add($"{SharedSections.Word(granted)} is granted, but the manifest requests {SharedSections.Word(manifest.Trust)} only: the lower counts.");
        }

        var effective = manifest.Trust < granted ? manifest.Trust : granted;
        if (overrides?.MaxTrust is { } most && most < effective)
        {
            reasons.Add($"The policy's \"maxTrust\" for {manifest.Id} lowers it to {SharedSections.Word(most)}.");
            effective = most;
        }

        var wanted = OfProgram(manifest, Tier(effective, overrides, reasons), reasons);
        var demotion = Demoted(inputs, overrides, wanted, reasons);
        var tier = inputs.Demotion is { } moved && demotion is not null ? moved.Tier : wanted;
        var refusal = Refusal(inputs, effective, tier);
        var uses = ServiceGrants.Of(manifest, overrides, effective);
        if (refusal is null)
        {
            reasons.AddRange(ServiceGrants.Reasons(manifest, overrides, effective));
            reasons.AddRange(tier == PluginTier.InProcess ? [Mode(manifest)] : []);
            reasons.AddRange(NotInEffect.List(manifest, overrides, tier));
        }

        return new()
        {
            Requested = manifest.Trust,
            Granted = effective,
            Tier = refusal is null ? tier : null,
            Reasons = reasons,
            Uses = uses,
            Demotion = refusal is null ? demotion : null,
            Refusal = refusal,
        };
    }

    /// <summary>What is said of a plugin that the host itself has moved.</summary>
    public static string Demoted(PluginTier from, Demotion demotion, string pluginId) =>
        $"Demoted from {TierWords.Word(from)} to {TierWords.Word(demotion.Tier)} because {demotion.Because}. It stays there until somebody resets it (pluginhost reset {pluginId}).";

    private static string Mode(PluginManifest manifest) => manifest.Unloadable
        ? "It is loaded so that it can be unloaded: its code can leave memory, and gets neither tiered compilation nor ReadyToRun (\"unloadable\": false pins it)."
        : "It is pinned (\"unloadable\": false): its code is compiled in tiers and stays in memory until the application ends; restart and reload are refused in-process.";

    private static TrustLevel Grant(PlacementInputs inputs, List<string> reasons)
    {
        var policy = inputs.Policy;
        var passed = new List<string>();
        for (var i = 0; i < policy.Rules.Count; i++)
        {
            var rule = policy.Rules[i];
            if (!Narrows(rule, inputs.Manifest) || (rule.Sha256 is { } hash && !string.Equals(hash, inputs.ContentHash, StringComparison.OrdinalIgnoreCase)))
            {
                if (rule.Sha256 is not null && Narrows(rule, inputs.Manifest))
                {
                    passed.Add($"{Name(i, rule)} does not match: the plugin's content hash is {inputs.ContentHash}.");
                }

                continue;
            }

            if (rule.SignedBy is not null)
            {
                passed.Add($"{Name(i, rule)} does not match: signatures are not verified in this release, so a rule with \"signedBy\" matches nothing. Name \"sha256\" instead.");
                continue;
            }

            reasons.Add($"{Name(i, rule)} of {policy.Source} grants {SharedSections.Word(rule.Trust)}.");
            reasons.AddRange(passed);
            return rule.Trust;
        }

        var granted = TrustLevel.Untrusted;
        if (policy.Source is null)
        {
            reasons.Add("There is no policy, so every plugin is untrusted.");
        }
        else if (!inputs.Development.Inside)
        {
            reasons.Add($"No rule of {policy.Source} matches the plugin{(policy.Development is { } folder ? $", and it does not lie in the development folder '{folder}'" : "")}, so it is untrusted.");
        }
        else if (inputs.Development.Problem is { } problem)
        {
            reasons.Add($"The development folder '{policy.Development}' of {policy.Source} grants nothing: {problem}");
        }
        else
        {
            granted = inputs.Manifest.Trust;
            reasons.Add($"The development folder '{policy.Development}' of {policy.Source} grants what its plugins request: {SharedSections.Word(granted)}.");
        }

        reasons.AddRange(passed);
        return granted;
    }

    private static bool Narrows(TrustRule rule, PluginManifest manifest) =>
        FileSystemName.MatchesSimpleExpression(rule.Id, manifest.Id, ignoreCase: true)
        && (rule.Publisher is null || string.Equals(rule.Publisher, manifest.Publisher, StringComparison.Ordinal));

    /// <summary>A rule by its number, from 1, and its text.</summary>
    private static string Name(int index, TrustRule rule)
    {
        var parts = new List<string> { $"\"id\": \"{rule.Id}\"" };
        if (rule.Publisher is not null)
        {
            parts.Add($"\"publisher\": {StrictValue.Quote(rule.Publisher)}");
        }

        if (rule.Sha256 is not null)
        {
            parts.Add($"\"sha256\": \"{rule.Sha256[..8]}…\"");
        }

        if (rule.SignedBy is not null)
        {
            parts.Add($"\"signedBy\": \"{rule.SignedBy[..8]}…\"");
        }

        parts.Add($"\"trust\": \"{SharedSections.Word(rule.Trust)}\"");
        return $"Rule {index + 1} {{ {string.Join(", ", parts)} }}";
    }

    private static PluginTier Tier(TrustLevel effective, PluginOverrides? overrides, List<string> reasons)
    {
        var closest = TierWords.ClosestFor(effective);
        var word = SharedSections.Word(effective);
        if (overrides?.Tier is not { } wanted || wanted == closest)
        {
            reasons.Add($"{TierWords.Word(closest)} is the closest tier that {word} allows.");
            return closest;
        }

        if (wanted > closest)
        {
            reasons.Add($"The policy chooses {TierWords.Word(wanted)}, farther than {TierWords.Word(closest)}, the closest tier that {word} allows.");
            return wanted;
        }

        reasons.Add($"The policy's tier {TierWords.Word(wanted)} is ignored: it is closer than {word} allows, so {TierWords.Word(closest)} is used.");
        return closest;
    }

    private static PluginTier OfProgram(PluginManifest manifest, PluginTier tier, List<string> reasons)
    {
        if (manifest.Command is null || tier != PluginTier.InProcess)
        {
            return tier;
        }

        reasons.Add("It is a program (\"command\"), which cannot run inside the application: process is the closest tier for it.");
        return PluginTier.Process;
    }

    /// <summary>Why the host moves the plugin farther than anybody chose; null where it does not.</summary>
    private static string? Demoted(PlacementInputs inputs, PluginOverrides? overrides, PluginTier tier, List<string> reasons)
    {
        if (inputs.Demotion is not { } demotion || demotion.Tier <= tier)
        {
            return null;
        }

        var word = TierWords.Word(demotion.Tier);
        if (overrides?.Demotion != true)
        {
            reasons.Add($"The host would move it to {word}, because {demotion.Because}; the policy does not allow that (\"demotion\": true does).");
            return null;
        }

        var reason = Demoted(tier, demotion, inputs.Manifest.Id);
        reasons.Add(reason);
        return reason;
    }

    private static string? Refusal(PlacementInputs inputs, TrustLevel effective, PluginTier tier)
    {
        var manifest = inputs.Manifest;
        if (inputs.PolicyProblems.Count > 0)
        {
            return $"{manifest.Id}: the policy has {inputs.PolicyProblems.Count} problem(s), so no plugin runs until it is corrected. The first: {inputs.PolicyProblems[0]}";
        }

        if (manifest.Host is { } range && HostRange.Parse(range)?.Contains(inputs.HostVersion) != true)
        {
            return $"{manifest.Id} {manifest.Version} runs on host versions \"{range}\", but this host is {inputs.HostVersion.ToNormalizedString()}. Use a version of the plugin for this host, or another host.";
        }

        if (tier != PluginTier.Sandbox)
        {
            return null;
        }

        return effective == TrustLevel.Untrusted
            ? $"{manifest.Id}: 'untrusted' needs the sandbox tier, which this release does not have yet. To run it, grant standard or full with a rule that names its sha256 {inputs.ContentHash}{(manifest.Trust == TrustLevel.Untrusted ? " (its manifest requests untrusted: ask its author to request more)" : "")}."
            : $"{manifest.Id}: the policy places it in the sandbox tier, which this release does not have yet. Choose process.";
    }
}

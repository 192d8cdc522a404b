using NuGet.Versioning;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime.Tests.Trust;

public class PlacingTests
{
    private const TrustLevel Untrusted = TrustLevel.Untrusted;
    private const TrustLevel Standard = TrustLevel.Standard;
    private const TrustLevel Full = TrustLevel.Full;
    private static readonly string Hash = new('a', 64);

    [Theory]
    [InlineData(Full, Full, null, Full, PluginTier.InProcess)]
    [InlineData(Full, Standard, null, Standard, PluginTier.Process)]
    [InlineData(Full, Untrusted, null, Untrusted, null)]
    [InlineData(Standard, Full, null, Standard, PluginTier.Process)]
    [InlineData(Standard, Standard, null, Standard, PluginTier.Process)]
    [InlineData(Standard, Untrusted, null, Untrusted, null)]
    [InlineData(Untrusted, Full, null, Untrusted, null)]
    [InlineData(Untrusted, Untrusted, null, Untrusted, null)]
    [InlineData(Full, Full, PluginTier.InProcess, Full, PluginTier.InProcess)]
    [InlineData(Full, Full, PluginTier.Process, Full, PluginTier.Process)]
    [InlineData(Full, Full, PluginTier.Sandbox, Full, null)]
    [InlineData(Full, Standard, PluginTier.InProcess, Standard, PluginTier.Process)]
    [InlineData(Standard, Full, PluginTier.InProcess, Standard, PluginTier.Process)]
    [InlineData(Full, Untrusted, PluginTier.InProcess, Untrusted, null)]
    [InlineData(Full, Untrusted, PluginTier.Process, Untrusted, null)]
    [InlineData(Untrusted, Full, PluginTier.InProcess, Untrusted, null)]
    public void The_tier_is_never_closer_than_the_lower_of_requested_and_granted(
        TrustLevel requested, TrustLevel granted, PluginTier? chosen, TrustLevel effective, PluginTier? tier)
    {
        var policy = Policy(new TrustRule { Trust = granted, Sha256 = Hash }) with
        {
            Plugins = new Dictionary<string, PluginOverrides> { ["my.plugin"] = new() { Tier = chosen } },
        };

        var placement = Placing.Place(Inputs(requested, policy));

        Assert.Equal((requested, effective, tier), (placement.Requested, placement.Granted, placement.Tier));
        Assert.Equal(tier is null, placement.Refusal is not null);
        Assert.StartsWith("Rule 1 {", placement.Reasons[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_rule_that_matches_decides_and_is_named_with_its_text()
    {
        var policy = Policy(
            new TrustRule { Id = "other.*", Trust = Full, Sha256 = Hash },
            new TrustRule { Id = "my.*", Publisher = "me", Trust = Standard, Sha256 = Hash.ToUpperInvariant() },
            new TrustRule { Trust = Full, Sha256 = Hash });

        var placement = Placing.Place(Inputs(Full, policy));

        Assert.Equal("""Rule 2 { "id": "my.*", "publisher": "me", "sha256": "AAAAAAAA…", "trust": "standard" } of /etc/pluginhost.json grants standard.""", placement.Reasons[0]);
        Assert.Equal("The manifest requests full, but standard is granted: the lower counts.", placement.Reasons[1]);
        Assert.Equal("process is the closest tier that standard allows.", placement.Reasons[2]);
    }

    [Fact]
    public void Claiming_an_id_and_a_publisher_gains_nothing_without_the_content()
    {
        var policy = Policy(new TrustRule { Id = "my.plugin", Publisher = "me", Trust = Full, Sha256 = Hash });

        var placement = Placing.Place(Inputs(Full, policy) with { ContentHash = new('b', 64) });

        Assert.Equal((Untrusted, null), (placement.Granted, placement.Tier));
        Assert.Contains(new string('b', 64), placement.Refusal, StringComparison.Ordinal);
        Assert.Contains(placement.Reasons, r => r.Contains("does not match: the plugin's content hash is", StringComparison.Ordinal));
    }

    [Fact]
    public void A_rule_with_a_key_matches_nothing_yet_and_says_so()
    {
        var policy = Policy(new TrustRule { Trust = Full, Sha256 = Hash, SignedBy = Convert.ToBase64String(new byte[44]) });

        var placement = Placing.Place(Inputs(Full, policy));

        Assert.Null(placement.Tier);
        Assert.Contains(placement.Reasons, r => r.Contains("signatures are not verified in this release", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_policy_every_plugin_is_untrusted_and_refused()
    {
        var placement = Placing.Place(Inputs(Full, PluginPolicy.Nothing));

        Assert.Equal("There is no policy, so every plugin is untrusted.", placement.Reasons[0]);
        Assert.Contains("needs the sandbox tier, which this release does not have yet", placement.Refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null, Full)]
    [InlineData(true, "others can write it", Untrusted)]
    [InlineData(false, null, Untrusted)]
    public void The_development_folder_grants_what_is_requested_where_it_is_safe(bool inside, string? problem, TrustLevel effective)
    {
        var placement = Placing.Place(Inputs(Full, Policy() with { Development = "/dev/plugins" }) with { Development = new(inside, problem) });

        Assert.Equal(effective, placement.Granted);
    }

    [Fact]
    public void A_rule_that_matches_comes_before_the_development_folder()
    {
        var policy = Policy(new TrustRule { Id = "my.plugin", Trust = Untrusted }) with { Development = "/dev/plugins" };

        Assert.Equal(Untrusted, Placing.Place(Inputs(Full, policy) with { Development = new(true, null) }).Granted);
    }

    [Fact]
    public void The_most_trust_caps_whatever_grants_more_and_grants_nothing_itself()
    {
        var policy = Policy() with { Plugins = new Dictionary<string, PluginOverrides> { ["my.plugin"] = new() { MaxTrust = Standard } } };

        Assert.Equal(PluginTier.Process, Placing.Place(Inputs(Full, policy) with { Development = new(true, null) }).Tier);
        Assert.Null(Placing.Place(Inputs(Full, policy)).Tier);
    }

    [Fact]
    public void A_policy_with_problems_refuses_every_plugin()
    {
        var policy = Policy(new TrustRule { Trust = Full, Sha256 = Hash });

        var placement = Placing.Place(Inputs(Full, policy) with { PolicyProblems = [new("/etc/pluginhost.json", 3, 5, "rules[0]", "is wrong.")] });

        Assert.Null(placement.Tier);
        Assert.Contains("/etc/pluginhost.json:3:5 rules[0]: is wrong.", placement.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_outside_of_the_range_is_refused_with_both_versions()
    {
        var inputs = Inputs(Full, Policy(new TrustRule { Trust = Full, Sha256 = Hash }));

        var placement = Placing.Place(inputs with { Manifest = inputs.Manifest with { Host = ">=2.0.0" } });

        Assert.Equal("my.plugin 1.0.0 runs on host versions \">=2.0.0\", but this host is 1.0.0. Use a version of the plugin for this host, or another host.", placement.Refusal);
    }

    [Theory]
    [InlineData(TrustLevel.Full)]
    [InlineData(TrustLevel.Standard)]
    public void A_program_runs_in_the_process_tier_however_far_it_is_trusted(TrustLevel granted)
    {
        var inputs = Inputs(Full, Policy(new TrustRule { Trust = granted, Sha256 = Hash }));

        var placement = Placing.Place(inputs with { Manifest = inputs.Manifest with { Entry = null, Command = ["node", "./main.js"] } });

        Assert.Equal((PluginTier.Process, null), (placement.Tier, placement.Refusal));
        Assert.Equal(granted == Full, placement.Reasons.Any(r => r.Contains("cannot run inside the application", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(true, PluginTier.Process)]
    [InlineData(false, PluginTier.InProcess)]
    [InlineData(null, PluginTier.InProcess)]
    public void The_host_moves_a_plugin_only_where_the_policy_allows_it(bool? allowed, PluginTier tier)
    {
        var policy = Policy(new TrustRule { Trust = Full, Sha256 = Hash }) with
        {
            Plugins = new Dictionary<string, PluginOverrides> { ["my.plugin"] = new() { Demotion = allowed } },
        };

        var placement = Placing.Place(Inputs(Full, policy) with { Demotion = new(PluginTier.Process, "the last host died in it", default) });

        Assert.Equal(tier, placement.Tier);
        Assert.Equal(allowed == true, placement.Demotion is not null);
        Assert.Contains(placement.Reasons, r => r.Contains("the last host died in it", StringComparison.Ordinal));
    }

    [Fact]
    public void A_plugin_that_is_farther_away_already_is_not_demoted()
    {
        var policy = Policy(new TrustRule { Trust = Standard, Sha256 = Hash }) with
        {
            Plugins = new Dictionary<string, PluginOverrides> { ["my.plugin"] = new() { Demotion = true } },
        };

        var placement = Placing.Place(Inputs(Full, policy) with { Demotion = new(PluginTier.Process, "the last host died in it", default) });

        Assert.Equal((PluginTier.Process, null), (placement.Tier, placement.Demotion));
    }

    [Fact]
    public void What_is_not_in_effect_is_said()
    {
        var inputs = Inputs(Full, Policy(new TrustRule { Trust = Full, Sha256 = Hash }));
        var manifest = inputs.Manifest with
        {
            Workers = 2, Isolation = IsolationMode.PerCall, Unloadable = false, Uses = [new("I", 1)], Recycle = new() { Memory = 1 },
            Limits = new() { Memory = 1, Cpu = 1, Threads = 1 }, Permissions = new() { Network = true },
        };

        var reasons = string.Join('\n', Placing.Place(inputs with { Manifest = manifest }).Reasons);

        string[] said = ["cannot be timed out", "Not enforced in-process: \"memory\", \"cpu\", \"threads\"", "\"workers\": 2", "\"per-call\"", "\"recycle\"", "\"unloadable\"", "\"permissions\""];
        Assert.All(said, word => Assert.Contains(word, reasons, StringComparison.Ordinal));
    }

    [Fact]
    public void In_process_the_limits_that_this_tier_does_not_have_are_named_whether_they_are_asked_for_or_not()
    {
        var near = Placing.Place(Inputs(Full, Policy(new TrustRule { Trust = Full, Sha256 = Hash })));
        var far = Placing.Place(Inputs(Standard, Policy(new TrustRule { Trust = Standard, Sha256 = Hash })));

        string[] missing = ["\"callTimeout\"", "\"memory\"", "\"cpu\"", "\"threads\"", "descriptors", "\"concurrency\"", "\"queue\"", "\"message\""];
        Assert.All(missing, limit => Assert.Contains(near.Reasons, r => r.StartsWith("In-process", StringComparison.Ordinal) && r.Contains(limit, StringComparison.Ordinal)));
        Assert.DoesNotContain(far.Reasons, r => r.StartsWith("In-process", StringComparison.Ordinal));
    }

    [Fact]
    public void Recycling_is_in_effect_on_every_tier_but_by_memory_in_process()
    {
        var inputs = Inputs(Full, Policy(new TrustRule { Trust = Full, Sha256 = Hash }));
        RecycleOptions all = new() { Calls = 1, Age = TimeSpan.FromSeconds(1), Memory = 1 << 20, MemoryHard = 2 << 20 };
        var near = inputs with { Manifest = inputs.Manifest with { Recycle = all with { Memory = null, MemoryHard = null } } };
        var far = Inputs(Standard, Policy(new TrustRule { Trust = Standard, Sha256 = Hash }));
        far = far with { Manifest = far.Manifest with { Recycle = all } };

        Assert.DoesNotContain(Placing.Place(near).Reasons, r => r.Contains("recycle", StringComparison.Ordinal));
        Assert.DoesNotContain(Placing.Place(far).Reasons, r => r.Contains("recycle", StringComparison.Ordinal));
    }

    [Fact]
    public void Out_of_process_workers_and_isolation_are_in_effect()
    {
        var inputs = Inputs(Standard, Policy(new TrustRule { Trust = Standard, Sha256 = Hash }));

        var reasons = string.Join('\n', Placing.Place(inputs with { Manifest = inputs.Manifest with { Workers = 2, Isolation = IsolationMode.PerCall } }).Reasons);

        Assert.DoesNotContain("\"workers\"", reasons, StringComparison.Ordinal);
        Assert.DoesNotContain("\"per-call\"", reasons, StringComparison.Ordinal);
    }

    [Fact]
    public void Full_trust_gets_the_host_services_it_asks_for_and_any_other_none()
    {
        var full = Place(Full, null);
        var standard = Place(Standard, null);

        Assert.Equal([new("My.INotes", 1), new("My.IClock", 2)], full.Uses);
        Assert.Contains(full.Reasons, r => r.Contains("It may call host services: My.INotes@1, My.IClock@2", StringComparison.Ordinal));
        Assert.Empty(standard.Uses);
        Assert.Contains(standard.Reasons, r => r.Contains("It may not call My.INotes@1, My.IClock@2: standard gets no host service by itself", StringComparison.Ordinal));
    }

    [Fact]
    public void The_policys_uses_grants_of_what_is_asked_for_and_nothing_else()
    {
        var placed = Place(Standard, new() { Uses = [new("My.INotes", 1), new("My.IClock", 1), new("My.IOther", 1)] });
        var less = Place(Full, new() { Uses = [] });

        Assert.Equal([new("My.INotes", 1)], placed.Uses);
        Assert.Contains(placed.Reasons, r => r.Contains("It may not call My.IClock@2: the policy's \"uses\" does not grant it", StringComparison.Ordinal));
        Assert.Contains(placed.Reasons, r => r.Contains("grants My.IClock@1, My.IOther@1, which its manifest does not ask for", StringComparison.Ordinal));
        Assert.Empty(less.Uses);
    }

    private static Placement Place(TrustLevel trust, PluginOverrides? overrides)
    {
        var policy = Policy(new TrustRule { Trust = trust, Sha256 = Hash });
        if (overrides is not null)
        {
            policy = policy with { Plugins = new Dictionary<string, PluginOverrides> { ["my.plugin"] = overrides } };
        }

        var inputs = Inputs(trust, policy);
        return Placing.Place(inputs with { Manifest = inputs.Manifest with { Uses = [new("My.INotes", 1), new("My.IClock", 2)] } });
    }

    private static PluginPolicy Policy(params TrustRule[] rules) => new() { Source = "/etc/pluginhost.json", Rules = rules };

    private static PlacementInputs Inputs(TrustLevel requested, PluginPolicy policy) => new()
    {
        Manifest = new() { Id = "my.plugin", Version = "1.0.0", Name = "Mine", Publisher = "me", Entry = "P.dll", Contracts = [new("I", 1)], Trust = requested },
        ContentHash = Hash,
        Policy = policy,
        HostVersion = SemanticVersion.Parse("1.0.0"),
    };
}

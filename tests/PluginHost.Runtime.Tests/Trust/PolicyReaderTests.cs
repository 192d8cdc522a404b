using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Trust;

public class PolicyReaderTests
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void Every_member_of_a_good_policy_gets_its_value()
    {
        using var temp = new TempFolder();
        Private(temp.Folder("dev"));
        var file = Private(temp.Write("pluginhost.json", $$"""
            {
              "$schema": "pluginhost.schema.json",
              "rules": [ { "id": "my.*", "publisher": "me", "trust": "full", "sha256": "{{Hash}}", "comment": "mine" } ],
              "development": "dev",
              "plugins": { "my.plugin": {
                "settings": { "a": 1 }, "workers": 2, "isolation": "per-call", "limits": { "memory": "1GiB" }, "recycle": { "calls": 5 },
                "restart": { "limit": 100 }, "tier": "process", "maxTrust": "standard", "permissions": { "network": true }, "demotion": true } }
            }
            """));

        var result = PolicyReader.Read(file);

        Assert.Empty(result.Problems);
        Assert.Equal(new TrustRule { Id = "my.*", Publisher = "me", Trust = TrustLevel.Full, Sha256 = Hash, Comment = "mine" }, result.Policy.Rules.Single());
        Assert.Equal((file, temp["dev"]), (result.Policy.Source, result.Policy.Development));
        var mine = result.Policy.Plugins["MY.PLUGIN"];
        Assert.Equal((2, IsolationMode.PerCall, PluginTier.Process, TrustLevel.Standard, true), (mine.Workers, mine.Isolation, mine.Tier, mine.MaxTrust, mine.Demotion));
        Assert.Equal((1L << 30, 5L, 100, true), (mine.Limits.Memory, mine.Recycle.Calls, mine.Restart.Limit, mine.Permissions!.Network));
        Assert.Empty(result.Policy.Validate());
    }

    [Fact]
    public void No_file_grants_nothing_and_is_no_problem_unless_it_was_named()
    {
        using var temp = new TempFolder();

        Assert.Empty(PolicyReader.ReadIfThere(temp["absent.json"]).Problems);
        Assert.Null(PolicyReader.ReadIfThere(temp["absent.json"]).Policy.Source);
        Assert.Single(PolicyReader.Read(temp["absent.json"]).Problems);
    }

    [Fact]
    public void A_policy_in_the_plugins_directory_is_refused()
    {
        using var temp = new TempFolder();
        var file = temp.Write("plugins/mine/pluginhost.json", "{}");

        var problem = PolicyReader.Read(file, temp["plugins"]).Problems.Single();

        Assert.Contains("where plugins could bring their own", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_built_in_code_is_held_to_the_same_rules()
    {
        var policy = new PluginPolicy
        {
            Rules = [new() { Id = "my.*", Trust = TrustLevel.Full }, new() { Id = "[", Trust = TrustLevel.Untrusted, Sha256 = "abc" }],
            Development = "relative",
            Plugins = new Dictionary<string, PluginOverrides> { ["../x"] = new() { Workers = 0, Tier = PluginTier.InProcess, MaxTrust = TrustLevel.Standard } },
        };

        var problems = policy.Validate();

        Assert.Equal(7, problems.Count);
        Assert.Contains(problems, p => p.StartsWith("Rules[0]: the rule grants full to whatever claims", StringComparison.Ordinal));
    }

    [Fact]
    public void A_plugin_in_the_development_folder_that_others_can_write_gets_nothing()
    {
        using var temp = new TempFolder();
        var dev = Private(temp.Folder("dev"));
        var plugin = Private(temp.Folder("dev/mine"));
        var file = Private(temp.Write("dev/mine/P.dll", ""));
        var safe = DevelopmentFolder.Of(dev, plugin);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherWrite);

        var open = DevelopmentFolder.Of(dev, plugin);

        Assert.Equal(new DevelopmentStanding(true, null), safe);
        Assert.Contains("P.dll' can be written by every user (mode 0402). Run: chmod o-w", open.Problem, StringComparison.Ordinal);
        Assert.False(DevelopmentFolder.Of(dev, temp.Folder("elsewhere")).Inside);
    }

    [Theory]
    [InlineData("ann:x:1000:", true)]
    [InlineData("ann:x:1000:ann", true)]
    [InlineData("ann:x:1000:ann,bob", false)]
    [InlineData("dev:x:50:", false)]
    public void A_group_of_one_user_alone_lets_nobody_else_in(string group, bool alone) =>
        Assert.Equal(alone, PrivateGroup.Is(1000, 1000, ["root:x:0:0:::", "ann:x:1000:1000:::", "bob:x:1001:1001:::"], [group]));

    private static string Private(string path)
    {
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}

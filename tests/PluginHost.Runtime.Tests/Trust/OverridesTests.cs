using System.Text.Json;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime.Tests.Trust;

public class OverridesTests
{
    private static readonly PluginManifest Manifest = new()
    {
        Id = "my.plugin",
        Version = "1.0.0",
        Name = "Mine",
        Contracts = [new("I", 1)],
        Limits = new() { Memory = 1, Queue = 7 },
        Permissions = new() { Network = true },
        Settings = JsonElement.Parse("""{ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1] }"""),
    };

    [Fact]
    public void Settings_are_merged_by_member_at_every_depth()
    {
        var over = new PluginOverrides { Settings = JsonElement.Parse("""{ "b": { "d": null, "x": {} }, "e": [2], "z": 9 }""") };

        var settings = Overrides.Apply(Manifest, over).Settings;

        Assert.Equal("""{"a":1,"b":{"c":2,"d":null,"x":{}},"e":[2],"z":9}""", settings.GetRawText());
    }

    [Fact]
    public void Limits_are_merged_by_member()
    {
        var limits = Overrides.Apply(Manifest, new() { Limits = new() { Memory = 5, CallTimeout = TimeSpan.FromSeconds(1) } }).Limits;

        Assert.Equal(new PluginLimits { Memory = 5, Queue = 7, CallTimeout = TimeSpan.FromSeconds(1) }, limits);
    }

    [Fact]
    public void Permissions_are_what_the_operator_grants_and_nothing_by_themselves()
    {
        Assert.False(Overrides.Apply(Manifest, null).Permissions.Network);
        Assert.True(Overrides.Apply(Manifest, new() { Permissions = new() { Network = true } }).Permissions.Network);
    }
}

using PluginHost.Contracts;
using PluginHost.Runtime.Catalog;
using PluginHost.Runtime.Model;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Catalog;

public class ManifestReaderTests
{
    [Fact]
    public void Every_member_of_a_good_manifest_gets_its_value()
    {
        using var temp = new TempFolder();
        temp.Write("Samples.Markdown.dll", "");
        temp.Write("plugin.json", """
            {
              "$schema": "plugin.schema.json",
              "id": "samples.markdown", "version": "1.0.0-rc.1+7", "name": "Markdown", "publisher": "samples",
              "entry": "Samples.Markdown.dll",
              "contracts": ["Samples.Contracts.IMarkdown@1"],
              "uses": ["Samples.Contracts.INotes@12"],
              "trust": "full",
              "host": ">=1.0.0 <2.0.0",
              "unloadable": false,
              "workers": 2, "isolation": "per-call",
              "limits": { "memory": "512MiB", "cpu": 1.5, "threads": 64, "callTimeout": "00:00:10.5", "idleTimeout": "00:01:00", "concurrency": 2, "queue": 0, "message": 16384 },
              "recycle": { "calls": 5, "age": null, "memory": "1GiB", "memoryHard": "2GiB" },
              "restart": { "type": "transient", "limit": 0, "window": "00:05:01" },
              "permissions": { "read": ["/a"], "write": ["b"], "env": ["LANG"], "network": true },
              "settings": { "deep": { "a": [1] } }
            }
            """);

        var result = ManifestReader.Read(temp.Path);

        Assert.Empty(result.Problems);
        var manifest = result.Manifest!;
        Assert.Equal(("samples.markdown", "1.0.0-rc.1+7", "Markdown", "samples"), (manifest.Id, manifest.Version, manifest.Name, manifest.Publisher));
        Assert.Equal(("Samples.Markdown.dll", null), (manifest.Entry, manifest.Command));
        Assert.Equal([new ContractReference("Samples.Contracts.IMarkdown", 1)], manifest.Contracts);
        Assert.Equal([new ContractReference("Samples.Contracts.INotes", 12)], manifest.Uses);
        Assert.Equal((TrustLevel.Full, ">=1.0.0 <2.0.0", false, 2, IsolationMode.PerCall), (manifest.Trust, manifest.Host, manifest.Unloadable, manifest.Workers, manifest.Isolation));
        var limits = new PluginLimits
        {
            Memory = 512L << 20, Cpu = 1.5, Threads = 64, CallTimeout = TimeSpan.FromMilliseconds(10_500), IdleTimeout = TimeSpan.FromMinutes(1),
            Concurrency = 2, Queue = 0, Message = 16384,
        };
        Assert.Equal(limits, manifest.Limits);
        Assert.Equal(new RecycleOptions { Calls = 5, Memory = 1L << 30, MemoryHard = 2L << 30 }, manifest.Recycle);
        Assert.Equal(new RestartOptions { Type = RestartType.Transient, Limit = 0, Window = new(0, 5, 1) }, manifest.Restart);
        Assert.Equal(("/a", "b", "LANG", true), (manifest.Permissions.Read[0], manifest.Permissions.Write[0], manifest.Permissions.Env[0], manifest.Permissions.Network));
        Assert.Equal("""{ "deep": { "a": [1] } }""", manifest.Settings.GetRawText());
    }

    [Fact]
    public void A_hard_limit_on_memory_lies_above_the_soft_one()
    {
        using var temp = new TempFolder();
        temp.Write("plugin.json", """{ "id": "a", "version": "1.0.0", "command": ["node", "main.js"], "contracts": ["I@1"], "recycle": { "memory": "2MiB", "memoryHard": "2MiB" } }""");

        var problem = Assert.Single(ManifestReader.Read(temp.Path).Problems);

        Assert.Equal("recycle.memoryHard", problem.Path);
        Assert.Contains("is 2MiB, and \"memory\" is 2MiB, expected more than that", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_takes_the_place_of_an_entry()
    {
        using var temp = new TempFolder();
        temp.Write("plugin.json", """{ "id": "a", "version": "1.0.0", "command": ["node", "main.js"], "contracts": ["I@1"] }""");

        var result = ManifestReader.Read(temp.Path);

        Assert.Empty(result.Problems);
        Assert.Equal(["node", "main.js"], result.Manifest!.Command);
        Assert.Equal(("a", TrustLevel.Untrusted), (result.Manifest.Name, result.Manifest.Trust));
    }

    [Fact]
    public void Columns_count_characters_and_not_bytes()
    {
        using var temp = new TempFolder();
        temp.Write("plugin.json", """{ "name": "éé", "id": 5 }""");

        var problem = ManifestReader.Read(temp.Path).Problems.Single(p => p.Path == "id");

        Assert.Equal((1, 23), (problem.Line, problem.Column));
    }

    [Theory]
    [InlineData(">=1.0.0 <2.0.0", "1.5.0", true)]
    [InlineData(">=1.0.0 <2.0.0", "2.0.0", false)]
    [InlineData(">=1.0.0", "1.0.0-rc.1", false)]
    [InlineData("=1.2.3", "1.2.3+build", true)]
    [InlineData(">1.0.0 <=1.1.0", "1.0.0", false)]
    public void A_host_range_holds_by_the_order_of_versions(string range, string version, bool inside) =>
        Assert.Equal(inside, HostRange.Parse(range)!.Contains(HostRange.Version(version)!));
}

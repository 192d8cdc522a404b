using PluginHost.Runtime.Catalog;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime.Tests;

/// <summary>Bad manifests and policies, each with the exact messages it must give.</summary>
public class CorpusTests
{
    public static TheoryData<string> Manifests => [.. CorpusCase.Names("manifests")];

    public static TheoryData<string> Policies => [.. CorpusCase.Names("policies")];

    [Fact]
    public void The_corpus_has_at_least_sixty_entries() =>
        Assert.InRange(Manifests.Count + Policies.Count, 60, int.MaxValue);

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_bad_manifest_gives_exactly_the_expected_messages(string name)
    {
        using var files = new CorpusCase("manifests", name);
        var alone = !Directory.EnumerateDirectories(files.Folder).Any(d => File.Exists(Path.Combine(d, "plugin.json")));
        foreach (var folder in alone ? [files.Folder] : Directory.GetDirectories(files.Folder).Where(d => new DirectoryInfo(d).LinkTarget is null))
        {
            files.Put(Path.Combine(folder, "Plugin.dll"), []);
        }

        var problems = alone ? ManifestReader.Read(files.Folder).Problems : [.. PluginCatalog.Scan(files.Folder).Entries.SelectMany(e => e.Problems)];

        Assert.Equal(files.Expected, files.Show(problems));
        Assert.NotEmpty(problems);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_bad_policy_gives_exactly_the_expected_messages_and_grants_nothing(string name)
    {
        using var files = new CorpusCase("policies", name);

        var result = PolicyReader.Read(Path.Combine(files.Folder, "pluginhost.json"));

        Assert.Equal(files.Expected, files.Show(result.Problems));
        Assert.NotEmpty(result.Problems);
        Assert.Empty(result.Policy.Rules);
        Assert.Null(result.Policy.Development);
    }
}

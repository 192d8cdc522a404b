using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using PluginHost.Generators.Diagnostics;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Diagnostics;

/// <summary>Holds the rules against their pages: each page's bad code is reported where it says so, its good code is not.</summary>
public sealed partial class RulesTests
{
    public static TheoryData<string> Ids => [.. All.Select(r => r.Id)];

    private static IEnumerable<DiagnosticDescriptor> All => [.. Rules.Contract, Rules.PluginClass, Rules.HealthCheck];

    [Fact]
    public void Every_rule_has_a_page_and_every_page_a_rule()
    {
        string[] pages = [.. Directory.GetFiles(Repository.Pages, "PH*.md").Select(p => Path.GetFileNameWithoutExtension(p)!).Order()];

        Assert.Equal(All.Select(r => r.Id).Order(), pages);
        Assert.All(All, r => Assert.Equal($"docs/analyzers/{r.Id}.md", r.HelpLinkUri));
        Assert.All(All, r => Assert.StartsWith($"# {r.Id}: {r.Title}\n", Page(r.Id)));
        Assert.All(All, r => Assert.Contains($"| [{r.Id}]({r.Id}.md) |", Page("README")));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task The_bad_code_of_a_page_is_reported_where_the_page_says(string id)
    {
        string bad = Code(id, 0);
        string[] expected = [.. bad.Split('\n').Select((line, i) => (line, i)).Where(l => l.line.EndsWith("// " + id, StringComparison.Ordinal)).Select(l => $"{id}@{l.i + 1}")];

        GeneratorDriverRunResult generated = Compiled.Run(bad, out Compilation compiled);
        IReadOnlyList<Diagnostic> found = await Compiled.AnalyzeAsync(compiled);

        Assert.NotEmpty(expected);
        Assert.Equal(expected, found.Where(d => d.Severity > DiagnosticSeverity.Info || d.Id == id).Select(d => $"{d.Id}@{d.Location.GetLineSpan().StartLinePosition.Line + 1}"));
        Assert.DoesNotContain(Compiled.Noise(compiled), d => d.Severity == DiagnosticSeverity.Error);
        if (found.Any(d => d.Severity == DiagnosticSeverity.Error && d.Id is not ("PH0015" or "PH0024")))
        {
            Assert.Empty(generated.GeneratedTrees);
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task The_good_code_of_a_page_is_not_reported(string id)
    {
        GeneratorDriverRunResult generated = Compiled.Run(Code(id, 1), out Compilation compiled);

        Assert.NotEmpty(generated.GeneratedTrees);
        Assert.Empty(Compiled.Noise(compiled));
        Assert.DoesNotContain(await Compiled.AnalyzeAsync(compiled), d => d.Severity > DiagnosticSeverity.Info || d.Id == id);
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(Repository.Pages, name + ".md"));

    private static string Code(string id, int index) => Blocks().Matches(Page(id))[index].Groups[1].Value;

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}

using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using PluginHost.Generators.Diagnostics;
using PluginHost.Generators.Tests.Support;

namespace PluginHost.Generators.Tests.Diagnostics;

/// <summary>Holds the rules against their pages: each page's bad code is reported where it says so, its good code is not.</summary>
public sealed partial class RulesTests
{
    public static TheoryData<string> Ids => [.. All.Select(r => r.Id)];

    private static IEnumerable<DiagnosticDescriptor> All => [.. Rules.Contract, Rules.PluginClass, Rules.HealthCheck, .. BaselineRules.All];

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
        string? baseline = BaselineOf(id, 0);
        string[] expected = [.. Marked(bad, "// " + id), .. Marked(baseline ?? "", "# " + id)];

        GeneratorDriverRunResult generated = Compiled.Run(bad, out Compilation compiled);
        IReadOnlyList<Diagnostic> found = await Compiled.AnalyzeAsync(compiled, baseline);

        Assert.NotEmpty(expected);
        Assert.Equal(
            expected.Select(line => $"{id}@{line}"),
            found.Where(d => d.Severity > DiagnosticSeverity.Info || d.Id == id).Select(d => $"{d.Id}@{d.Location.GetLineSpan().StartLinePosition.Line + 1}"));
        Assert.DoesNotContain(Compiled.Noise(compiled), d => d.Severity == DiagnosticSeverity.Error);
        if (found.Any(d => d.Severity == DiagnosticSeverity.Error && d.Id is not ("PH0015" or "PH0024") && BaselineRules.All.All(r => r.Id != d.Id)))
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
        Assert.DoesNotContain(await Compiled.AnalyzeAsync(compiled, BaselineOf(id, 1)), d => d.Severity > DiagnosticSeverity.Info || d.Id == id);
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(Repository.Pages, name + ".md"));

    private static string Code(string id, int index) => Blocks().Matches(Page(id))[index].Groups[1].Value;

    /// <summary>The baseline that a page shows; where it shows two, the second is that of its good code.</summary>
    private static string? BaselineOf(string id, int index) => Baselines().Matches(Page(id)) is { Count: > 0 } found ? found[Math.Min(index, found.Count - 1)].Groups[1].Value : null;

    private static IEnumerable<string> Marked(string text, string mark) =>
        text.Split('\n').Select((line, i) => (line, i)).Where(l => l.line.EndsWith(mark, StringComparison.Ordinal)).Select(l => $"{l.i + 1}");

    [GeneratedRegex("```text\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Baselines();

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}

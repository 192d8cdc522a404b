using PluginHost.Cli.Checks;
using PluginHost.Cli.Tests.Support;

namespace PluginHost.Cli.Tests.Checks;

/// <summary>The rules and the page that tells of them.</summary>
public sealed class RulesTests
{
    private static string Page => File.ReadAllText(Path.Combine(Tool.Plugins, "..", "..", "docs", "check.md"));

    [Fact]
    public void The_page_of_checks_says_what_the_program_says()
    {
        IEnumerable<string> written = Page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal) && line.Contains("` | unloading | ", StringComparison.Ordinal) | line.Contains("` | isolation | ", StringComparison.Ordinal));

        Assert.Equal(Rules.All.Select(Row), written);
    }

    [Fact]
    public void Every_rule_has_a_name_of_its_own_and_says_what_to_do()
    {
        Assert.Equal(Rules.All.Count, Rules.All.Select(r => r.Id).Distinct().Count());
        Assert.All(Rules.All, rule =>
        {
            Assert.Matches("^[a-z]+(-[a-z]+)*$", rule.Id);
            Assert.EndsWith(".", rule.What, StringComparison.Ordinal);
            Assert.EndsWith(".", rule.Instead, StringComparison.Ordinal);
        });
    }

    private static string Row(Rule rule) =>
        $"| `{rule.Id}` | {(rule.To == HostileTo.Unloading ? "unloading" : "isolation")} | {Word(rule.Severity)} | {Word(rule.Closest)} | {rule.What} | {rule.Instead} |";

    private static string Word<T>(T value)
        where T : struct, Enum => PluginHost.Cli.Output.Words.Of(value);
}

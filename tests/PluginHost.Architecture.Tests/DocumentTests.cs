using System.Text.RegularExpressions;
using PluginHost.Architecture.Tests.Support;
using PluginHost.Contracts.Faults;

namespace PluginHost.Architecture.Tests;

/// <summary>The pages that must stay true.</summary>
public sealed class DocumentTests
{
    [Fact]
    public void Every_project_has_a_page_of_at_most_40_lines_on_its_door()
    {
        List<string> wrong = [];
        IEnumerable<string> projects = ((string[])["src", "plugins"]).SelectMany(folder => Repository.Files(Repository.At(folder), "*.csproj"))
            .Append(Repository.At("tests", "PluginHost.TestKit", "PluginHost.TestKit.csproj"));
        foreach (string project in projects)
        {
            string page = Path.Combine(Path.GetDirectoryName(project)!, "README.md");
            int lines = File.Exists(page) ? File.ReadAllLines(page).Length : 0;
            if (lines is 0 or > 40)
            {
                wrong.Add($"{Repository.Short(page)}: {(lines == 0 ? "missing or empty" : $"{lines} lines")}");
            }
        }

        Check.None(wrong);
    }

    [Fact]
    public void A_door_page_names_every_room_of_its_project()
    {
        List<string> missing = [];
        foreach (string project in House.Present.Select(row => row.Data))
        {
            string page = File.ReadAllText(Repository.At("src", project, "README.md"));
            IEnumerable<string> rooms = Directory.EnumerateDirectories(Repository.At("src", project)).Select(Path.GetFileName)
                .OfType<string>().Where(room => char.IsAsciiLetterUpper(room[0]));
            missing.AddRange(rooms.Where(room => !Regex.IsMatch(page, $@"\b{room}\b")).Select(room => $"{project}: {room}"));
        }

        Check.None(missing);
    }

    [Fact]
    public void A_decision_takes_ten_lines_or_a_few_more()
    {
        string[] decisions = [.. Repository.Files(Repository.At("docs", "decisions"), "*.md")];

        Assert.NotEmpty(decisions);
        Assert.All(decisions, path => Assert.InRange(File.ReadLines(path).Count(line => line.Trim().Length > 0), 1, 12));
    }

    [Fact]
    public void Every_fault_kind_has_a_sentence_and_a_remedy()
    {
        foreach (FaultKind kind in Enum.GetValues<FaultKind>())
        {
            FaultKinds.Description text = FaultKinds.Describe(kind);

            Assert.EndsWith(".", text.Sentence, StringComparison.Ordinal);
            Assert.EndsWith(".", text.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_page_of_faults_says_what_the_program_says()
    {
        IEnumerable<string> expected = Enum.GetValues<FaultKind>().Select(kind =>
            $"| `{kind}` | {FaultKinds.Describe(kind).Sentence} | {FaultKinds.Describe(kind).Remedy} |");

        IEnumerable<string> written = File.ReadLines(Repository.At("docs", "faults.md"))
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal)).Where(line => line.StartsWith("| `", StringComparison.Ordinal));

        Assert.Equal(expected, written);
    }
}

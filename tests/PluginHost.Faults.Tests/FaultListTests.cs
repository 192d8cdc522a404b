using System.Globalization;
using PluginHost.Faults.Tests.Support;

namespace PluginHost.Faults.Tests;

/// <summary>Whether every fault has its test, and the page says so.</summary>
public sealed class FaultListTests
{
    private const string Begin = "## The suite\n";
    private const string Header = "| fault | how it is brought about | record | then |\n|---|---|---|---|\n";

    [Fact]
    public void Every_fault_is_brought_about()
    {
        int[] tested = [.. FaultList.Rows.Select(r => r.Number), .. FaultList.Elsewhere.Select(r => r.Number)];

        Assert.Equal(42, FaultList.Names.Length);
        Assert.Empty(Enumerable.Range(1, FaultList.Names.Length).Except(tested));
    }

    [Fact]
    public void A_test_that_the_list_names_is_there() => Assert.All(
        FaultList.Elsewhere,
        test => Assert.Contains($" {test.Test}(", File.ReadAllText(Path.Combine(Place.Repository, test.File)), StringComparison.Ordinal));

    [Fact]
    public void The_page_of_faults_lists_the_suite()
    {
        string page = Path.Combine(Place.Repository, "docs", "faults.md");
        string text = File.ReadAllText(page);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal);
        int table = text.IndexOf(Header, begin, StringComparison.Ordinal);
        string expected = Header + string.Concat(Lines());
        if (Environment.GetEnvironmentVariable("PLUGINHOST_APPROVE") == "1")
        {
            File.WriteAllText(page, text[..table] + expected);
        }

        Assert.Equal(expected, File.ReadAllText(page)[table..]);
    }

    private static IEnumerable<string> Lines()
    {
        for (int number = 1; number <= FaultList.Names.Length; number++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{number} {FaultList.Names[number - 1]}");
            foreach (FaultRow row in FaultList.Rows.Where(r => r.Number == number))
            {
                yield return $"| {name} | {row.Mode} | {Records(row)} | {Words(row.Then)} |\n";
            }

            foreach (TestedElsewhere test in FaultList.Elsewhere.Where(t => t.Number == number))
            {
                yield return $"| {name} | {test.Mode}: [{Path.GetFileNameWithoutExtension(test.File)}](../{test.File}) | | {test.Outcome} |\n";
            }
        }
    }

    private static string Records(FaultRow row) =>
        row.Records.Length == 0 ? "none" : string.Join(", ", row.Records.Select(kind => $"`{kind}`")) + (row.IsRace ? ", or none" : "");

    private static string Words(Aftermath then) => then switch
    {
        Aftermath.GoesOn => "goes on",
        Aftermath.Restarted => "restarted at once",
        Aftermath.Retried => "started again after a second",
        Aftermath.Quarantined => "quarantined",
        Aftermath.QuarantinedAtOnce => "quarantined at once; the host goes on",
        Aftermath.Refused => "refused",
        Aftermath.Replaced => "replaced, as somebody asked",
        _ => "goes on in a child process",
    };
}

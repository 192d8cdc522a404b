using PluginHost.Holders.Tests.Support;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Holders.Tests;

/// <summary>The leak matrix, a row a kind.</summary>
public sealed class LeakMatrixTests(LeakRun run) : IClassFixture<LeakRun>
{
    public static TheoryData<string> Gone => Kinds(Fate.Harmless, Fate.Freed);

    public static TheoryData<string> Named => Kinds(Fate.Named);

    [Theory]
    [MemberData(nameof(Gone))]
    public void What_is_harmless_or_is_freed_goes_from_memory(string kind)
    {
        Assert.Equal(UnloadOutcome.Unloaded, run.OutcomeOf(kind));
        Assert.Empty(run.HoldersOf(kind));
    }

    [Theory]
    [MemberData(nameof(Named))]
    public void What_stays_is_named_by_its_holder_alone(string kind)
    {
        IReadOnlyList<string> lines = run.HoldersOf(kind);

        Assert.Equal(UnloadOutcome.Leaked, run.OutcomeOf(kind));
        Assert.Equal(LeakTable.Rows.Single(row => row.Kind == kind).Text, LeakRun.Stable(Assert.Single(lines)));
        Assert.EndsWith("]", lines[0], StringComparison.Ordinal);
        Assert.Contains(kind == "contextual-reflection" ? "the plugin's load context" : "Fixtures.Leaks", Way(lines[0]), StringComparison.Ordinal);
    }

    private static string Way(string line) => line[line.LastIndexOf(" [", StringComparison.Ordinal)..];

    private static TheoryData<string> Kinds(params Fate[] fates) => [.. LeakTable.Rows.Where(row => fates.Contains(row.Fate)).Select(row => row.Kind)];
}

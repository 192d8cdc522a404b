using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Faults.Tests;

/// <summary>A plugin that goes on failing inside the application, and does not let go of it.</summary>
public sealed class DemotionFaultTests(ITestOutputHelper output)
{
    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        new(7, "in-process: a loop too many, demotion", run => run.FailsAsync(() => run.Victim.LoopAsync(4000, CancellationToken.None)))
        {
            Records = [FaultKind.Timeout, FaultKind.LimitExceeded], Says = "Too many faults", Calls = InFlight.None, Then = Aftermath.Demoted,
        },
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task What_keeps_the_applications_threads_goes_on_in_a_child_process(string row) => FaultHarness.RunAloneAsync(() => new Host(), Rows.Find(Table, row), output);

    /// <summary>The host of this row.</summary>
    private sealed class Host : InProcessFaultTests.Host
    {
        private protected override PluginRuntimeOptions Change(PluginRuntimeOptions options) => base.Change(options) with
        {
            DrainTimeout = TimeSpan.FromMilliseconds(300),

            // What it leaves behind is no matter here, and it may end its loop at the very moment at which it is looked for.
            ForceUnloadProof = false,
            FaultRate = new FaultRateOptions { Limit = 1 },
        };
    }
}

using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;
using PluginHost.Runtime.Trust;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Faults.Tests;

/// <summary>Faults of a plugin inside the application, as far as an application can survive them.</summary>
public sealed class InProcessFaultTests(InProcessFaultTests.Host host, ITestOutputHelper output) : IClassFixture<InProcessFaultTests.Host>
{
    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        new(7, "in-process: a loop in a call", run => run.FailsAsync(() => run.Victim.LoopAsync(2000, CancellationToken.None)))
        {
            Records = [FaultKind.Timeout], Says = "Faulty.Loop", Calls = InFlight.None, Then = Aftermath.GoesOn,
        },
        new(7, "in-process: a call that does not return", run => Task.Run(() => run.Victim.Hang(1500, CancellationToken.None)))
        {
            Records = [FaultKind.Hang], Says = "Faulty.Hang holds thread", Calls = InFlight.None, Then = Aftermath.GoesOn,
        },
        new(14, "in-process: exception on a thread of its own", run => Task.Run(() => run.Victim.ThreadException("on its own"))) { Then = Aftermath.QuarantinedAtOnce, Records = [FaultKind.UnhandledException], Says = "An exception left", Calls = InFlight.None },
        new(14, "in-process: exception in an async void method", run => Task.Run(() => run.Victim.AsyncVoid("where nobody waits"))) { Then = Aftermath.QuarantinedAtOnce, Records = [FaultKind.UnhandledException], Says = "An exception left", Calls = InFlight.None },
        Leaking("event"),
        Leaking("thread"),
        Leaking("timer"),
        Leaking("handle"),
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task What_a_plugin_does_inside_the_application_is_told_and_the_application_goes_on(string row) =>
        FaultHarness.RunAsync(host, Rows.Find(Table, row), output);

    private static FaultRow Leaking(string what) => new(41, $"in-process: {what} left behind", async run =>
    {
        await Task.Run(() => run.Victim.Leak(what));

        // A forced proof is allowed once a minute.
        run.Host.Clock.Skip(TimeSpan.FromMinutes(2));
        UnloadResult unloaded = await run.Host.Runtime.StopAsync(FaultHost.VictimId);
        Assert.NotEqual(UnloadOutcome.Unloaded, unloaded.Outcome);
        await run.Host.Runtime.StartAsync(FaultHost.VictimId);
    })
    {
        Records = [FaultKind.UnloadLeak], Calls = InFlight.None, Then = Aftermath.Replaced,
    };

    /// <summary>The host of these rows.</summary>
    public class Host : FaultHost
    {
        private protected override PluginTier Tier => PluginTier.InProcess;

        private protected override PluginRuntimeOptions Change(PluginRuntimeOptions options) => options with
        {
            ForceUnloadProof = true,
            HandleUnhandledExceptions = true,
            StuckCalls = new StuckCallOptions { ShortestPause = TimeSpan.FromMilliseconds(50), LostThreads = 0 },
        };

        private protected override PluginOverrides Override(PluginOverrides overrides) =>
            overrides with { Limits = new LimitOverrides { CallTimeout = TimeSpan.FromMilliseconds(500) } };

        private protected override async Task WarmUpAsync()
        {
            await SettleAsync();
            await Assert.ThrowsAnyAsync<PluginException>(() => Task.Run(() => Victim.ThrowNow("warm")));
            _ = await Task.Run(() => Neighbour.Echo("warm"));
        }
    }
}

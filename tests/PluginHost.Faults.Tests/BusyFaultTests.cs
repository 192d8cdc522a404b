using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Trust;

namespace PluginHost.Faults.Tests;

/// <summary>Workers that hang, or look like it, and workers that do not end; the limits are a second or two in place of ten and thirty.</summary>
public sealed class BusyFaultTests(BusyFaultTests.Host host, ITestOutputHelper output) : IClassFixture<BusyFaultTests.Host>
{
    private const int Kill = 9;
    private const int Continue = 18;
    private const int Stop = 19;

    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        new(2, "SIGSTOP with calls in flight", run => Do(() => run.Signal(Stop))) { Records = [FaultKind.Hang], Says = "no sign of life" },
        new(2, "SIGSTOP, and SIGCONT before the limit", async run =>
        {
            run.Signal(Stop);
            await Task.Delay(Host.Hangs.UnresponsiveAfter, TestContext.Current.CancellationToken);
            run.Signal(Continue);
        })
        {
            Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(7, "an infinite loop in a call", run => run.FailsAsync(() => run.Victim.LoopAsync(600_000, CancellationToken.None)))
        {
            Records = [FaultKind.Timeout, FaultKind.Hang], Says = "Faulty.Loop", Calls = InFlight.None,
        },
        new(8, "a starved thread pool", async run =>
        {
            await Task.Run(() => run.Victim.StarvePool(8, 400));
            await run.Victim.SleepAsync(1, CancellationToken.None);
        })
        {
            Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(31, "SIGTERM ignored", async run =>
        {
            await Task.Run(run.Victim.RefuseToEnd);
            await run.Host.Runtime.RestartAsync(FaultHost.VictimId);
        })
        {
            Calls = InFlight.None, Then = Aftermath.Replaced,
        },
        new(35, "an old generation's call ends after the next has begun", async run =>
        {
            Task old = run.Victim.LoopAsync(600_000, CancellationToken.None);
            await run.Host.Runtime.RestartAsync(FaultHost.VictimId);
            await run.FailsAsync(() => old);
        })
        {
            Calls = InFlight.None, Then = Aftermath.Replaced,
        },
        new(36, "cancelled before it is sent, while it runs, after its answer, twice", CancelAsync) { Then = Aftermath.GoesOn, Calls = InFlight.GoOn },
        new(20, "whoever asked for the worker ends, and the worker lives", async run =>
        {
            Thread asking = new(() => run.Host.Runtime.RestartAsync(FaultHost.VictimId).GetAwaiter().GetResult());
            asking.Start();
            await Task.Run(asking.Join);
            int worker = await Task.Run(run.Victim.ProcessId);
            await Task.Delay(300, TestContext.Current.CancellationToken);
            Assert.Equal(worker, await Task.Run(run.Victim.ProcessId));
        })
        {
            Calls = InFlight.None, Then = Aftermath.Replaced,
        },
        new(42, "the wall clock is set forward an hour and back two", async run =>
        {
            run.Host.Clock.SetWall(TimeSpan.FromHours(1));
            await run.Victim.SleepAsync(1, CancellationToken.None);
            run.Host.Clock.SetWall(TimeSpan.FromHours(-2));
            await Task.Delay(2 * Host.Hangs.Heartbeat, TestContext.Current.CancellationToken);
            await run.Victim.SleepAsync(1, CancellationToken.None);
            run.Host.Clock.SetWall(TimeSpan.FromHours(1));
        })
        {
            Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(42, "a crash after the clock was set back", async run =>
        {
            run.Host.Clock.SetWall(TimeSpan.FromHours(-3));
            run.Signal(Kill);
            await run.Host.UntilAsync(() => run.Host.Status(FaultHost.VictimId).State != PluginState.Ready, "The crash is seen");
        })
        {
            Records = [FaultKind.Signal], Says = "SIGKILL", Mend = run => Do(() => run.Host.Clock.SetWall(TimeSpan.FromHours(3))),
        },
        new(42, "the host did not run for a minute", async run =>
        {
            run.Host.Clock.Skip(TimeSpan.FromMinutes(1));
            await Task.Delay(3 * Host.Hangs.Heartbeat, TestContext.Current.CancellationToken);
        })
        {
            // The calls' time is over; the worker has done nothing wrong.
            Records = [FaultKind.Timeout], Says = "did not finish within", Then = Aftermath.GoesOn,
        },
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task What_does_not_let_go_is_told_from_what_is_busy(string row) => FaultHarness.RunAsync(host, Rows.Find(Table, row), output);

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static async Task CancelAsync(FaultRun run)
    {
        using CancellationTokenSource before = new();
        await before.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Victim.SleepAsync(60_000, before.Token));

        using CancellationTokenSource meanwhile = new();
        Task running = run.Victim.SleepAsync(60_000, meanwhile.Token);
        await meanwhile.CancelAsync();
        await meanwhile.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        using CancellationTokenSource after = new();
        await run.Victim.SleepAsync(1, after.Token);
        await after.CancelAsync();
    }

    /// <summary>The host of these rows.</summary>
    public sealed class Host : FaultHost
    {
        internal static HangOptions Hangs { get; } = new()
        {
            Heartbeat = TimeSpan.FromMilliseconds(200),
            UnresponsiveAfter = TimeSpan.FromMilliseconds(800),
            TerminateAfter = TimeSpan.FromMilliseconds(1600),
        };

        private protected override PluginRuntimeOptions Change(PluginRuntimeOptions options) => options with
        {
            Hangs = Hangs,
            DrainTimeout = TimeSpan.FromMilliseconds(300),
            Workers = workers => workers with { StopGrace = TimeSpan.FromMilliseconds(500), TerminateGrace = TimeSpan.FromMilliseconds(500) },
        };

        private protected override PluginOverrides Override(PluginOverrides overrides) =>
            overrides with { Limits = new LimitOverrides { CallTimeout = TimeSpan.FromMilliseconds(2500) } };
    }
}

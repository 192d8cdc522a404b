using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Faults.Tests;

/// <summary>Workers that do not become ready, or not in time, or speak another version.</summary>
public sealed class StartFaultTests(ChannelFaultTests.Host host, ITestOutputHelper output) : IClassFixture<ChannelFaultTests.Host>
{
    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        new(16, "slow start: just under the limit", run => StartAsync(run, "slow 500")) { Calls = InFlight.None, Then = Aftermath.Replaced },
        Failing(16, "slow start: over the limit, once", "had not ended the handshake after 00:00:01.5", "slow 4000"),
        Failing(16, "slow start: never, once", "had not ended the handshake after 00:00:01.5", "never"),
        Quarantined(16, "slow start: never", "had not ended the handshake after 00:00:01.5", "never"),
        Failing(17, "exit before the handshake", "leaving before the handshake", "exit-early"),
        Failing(17, "half a handshake", "leaving within the handshake", "half-hello"),
        Quarantined(17, "exit before the handshake, each time", "leaving before the handshake", "exit-early"),
        Refused(18, "a worker that refuses the host's version", "protocol 7 to 9", "refuses-host"),
        Refused(18, "a worker with a newer protocol", "99", "newer-protocol"),
        Refused(18, "a worker with an older protocol", "0", "older-protocol"),
        Refused(18, "a worker with another codec", "carrier pigeon", "other-codec"),
        Failing(18, "a worker with a transport that it was not offered", "teleport", "other-transport"),
        Failing(34, "crash while it loads", "leaving while it loads", "exit-at-load"),
        new(34, "crash while it restarts after a crash", async run =>
        {
            run.Host.NextStarts("exit-at-load");
            await run.FailsAsync(() => run.Victim.Exit(1));
        })
        {
            Records = [FaultKind.Exit, FaultKind.StartFailure], Says = "leaving while it loads", Calls = InFlight.None,
        },
        new(34, "crash while it stops", async run =>
        {
            await StartAsync(run, "exit-at-stop");
            await run.Host.Runtime.RestartAsync(FaultHost.VictimId);
        })
        {
            Calls = InFlight.None, Then = Aftermath.Replaced,
        },
        new(31, "asked to stop, channel closed, SIGTERM: all ignored", async run =>
        {
            await StartAsync(run, "refuse-to-end");
            await run.Host.Runtime.RestartAsync(FaultHost.VictimId);
        })
        {
            Calls = InFlight.None, Then = Aftermath.Replaced,
        },
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_start_that_fails_says_why_and_the_policy_follows(string row) => FaultHarness.RunAsync(host, Rows.Find(Table, row), output);

    [Fact]
    public async Task A_caller_who_gives_up_while_the_host_is_busy_with_another_version_is_let_go()
    {
        await host.SettleAsync();
        host.NextStarts("never");
        Task<UnloadResult> reload = host.Runtime.ReloadAsync(FaultHost.VictimId);
        await host.UntilAsync(() => new FileInfo(host.ModesFile).Length == 0, "The other version is tried");
        using (Process worker = Process.GetProcessById(host.Status(FaultHost.VictimId).WorkerPid!.Value))
        {
            worker.Kill();
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using CancellationTokenSource impatient = new();
        Task asynchronous = host.Victim.SleepAsync(1, impatient.Token);
        Task synchronous = Task.Run(() => host.Victim.Hang(1, impatient.Token), TestContext.Current.CancellationToken);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asynchronous);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => synchronous);
        bool wasTried = reload.IsCompleted;

        PluginException refused = await Assert.ThrowsAnyAsync<PluginException>(() => reload);
        await host.SettleAsync();

        Assert.False(wasTried, "The calls were let go of only when the other version had been tried.");
        Assert.Contains(" stays.", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Fails once, and its retry comes up.</summary>
    private static FaultRow Failing(int number, string mode, string says, string worker) => new(number, mode, run => StartAsync(run, worker))
    {
        Records = [FaultKind.StartFailure], Says = says, Calls = InFlight.None, Then = Aftermath.Retried,
    };

    /// <summary>Fails, and its retry fails as well.</summary>
    private static FaultRow Quarantined(int number, string mode, string says, string worker) => new(number, mode, run => StartAsync(run, worker, worker))
    {
        Records = [FaultKind.StartFailure, FaultKind.StartFailure], Says = says, Calls = InFlight.None, Then = Aftermath.Quarantined,
    };

    private static FaultRow Refused(int number, string mode, string says, string worker) => new(number, mode, run => StartAsync(run, worker))
    {
        Records = [FaultKind.HandshakeRefused], Says = says, Calls = InFlight.None, Then = Aftermath.Refused,
        Mend = run => run.Host.Runtime.ReloadAsync(FaultHost.VictimId),
    };

    private static async Task StartAsync(FaultRun run, params string[] modes)
    {
        run.Host.NextStarts(modes);
        await run.Host.Runtime.RestartAsync(FaultHost.VictimId);
    }
}

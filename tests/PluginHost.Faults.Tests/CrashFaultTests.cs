using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;

namespace PluginHost.Faults.Tests;

/// <summary>Workers that die, each in its own way, in a host as applications have it: a spare stands ready, calls travel by rings.</summary>
public sealed class CrashFaultTests(CrashFaultTests.Host host, ITestOutputHelper output) : IClassFixture<CrashFaultTests.Host>
{
    private const int Kill = 9;
    private const int Sys = 31;
    private const int Mebibyte = 1024 * 1024;

    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        new(1, "kill -9, idle", run => Do(() => run.Signal(Kill))) { Records = [FaultKind.Signal], Says = "SIGKILL", Calls = InFlight.None },
        new(1, "kill -9, calls in flight", run => Do(() => run.Signal(Kill))) { Records = [FaultKind.Signal], Says = "SIGKILL" },
        new(12, "stack overflow", run => run.FailsAsync(run.Victim.StackOverflow)) { Records = [FaultKind.StackOverflow], Says = "overflowed a thread's stack" },
        new(13, "FailFast", run => run.FailsAsync(() => run.Victim.FailFast("no way on"))) { Records = [FaultKind.FailFast], Says = "no way on" },
        new(13, "a bad address in native code", run => run.FailsAsync(run.Victim.BreakNative)) { Records = [FaultKind.Signal], Says = "SIG" },
        new(13, "SIGSYS, as a filter of system calls sends it", run => run.MayFailAsync(() => run.Victim.Raise(Sys))) { Records = [FaultKind.Signal], Says = "SIGSYS" },
        new(14, "exception on a thread of its own", run => run.FailsAsync(() => run.Victim.ThreadException("thrown on a thread")))
        {
            Records = [FaultKind.UnhandledException], Says = "thrown on a thread",
        },
        new(14, "exception in an async void method", run => run.MayFailAsync(() => run.Victim.AsyncVoid("thrown where nobody waits")))
        {
            Records = [FaultKind.UnhandledException], Says = "thrown where nobody waits",
        },
        new(15, "Environment.Exit(0) in a call", run => run.FailsAsync(() => run.Victim.Exit(0))) { Records = [FaultKind.Exit], Says = "exit code 0" },
        new(33, "a grandchild keeps the pipes", async run =>
        {
            await Task.Run(() => run.Victim.StartProgram("exec setsid sleep 600"));
            run.Signal(Kill);
        })
        {
            Records = [FaultKind.Signal], Says = "SIGKILL",
        },
        new(10, "grandchildren in and out of the group, one without an environment", async run =>
        {
            await Task.Run(() => run.Victim.StartProgram("sleep 600 & setsid sleep 600 & setsid sh -c 'sleep 600 & sleep 600' & wait"));
            await Task.Run(() => run.Victim.StartProgram("exec env -i sleep 600"));
            run.Signal(Kill);
        })
        {
            Records = [FaultKind.Signal], Says = "SIGKILL",
        },
        new(10, "a fork bomb of 63 processes", async run =>
        {
            await Task.Run(() => run.Victim.StartProgram("bomb() { if [ \"$1\" -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & fi; sleep 600; }; bomb 5"));
            await Task.Delay(100, TestContext.Current.CancellationToken);
            run.Signal(Kill);
        })
        {
            Records = [FaultKind.Signal], Says = "SIGKILL",
        },
        new(37, "death while results are in shared memory", async run =>
        {
            byte[] held = await Task.Run(() => run.Victim.Bytes(8 * Mebibyte));
            Task calling = Task.Run(async () =>
            {
                for (int i = 0; i < 4; i++)
                {
                    await run.MayFailAsync(() => run.Victim.Bytes(8 * Mebibyte));
                }
            });
            run.Signal(Kill);
            await calling;
            Assert.Equal(8 * Mebibyte, held.Length);
        })
        {
            Records = [FaultKind.Signal], Says = "SIGKILL",
        },
        new(34, "crash while it is being restarted", run => StopAndDie(run, run.Host.Runtime.RestartAsync(FaultHost.VictimId)))
        {
            Records = [FaultKind.Signal], Says = "SIGKILL", IsRace = true, Calls = InFlight.None, Then = Aftermath.Replaced,
        },
        new(34, "crash while it is being reloaded", run => StopAndDie(run, run.Host.Runtime.ReloadAsync(FaultHost.VictimId)))
        {
            Records = [FaultKind.Signal], Says = "SIGKILL", IsRace = true, Calls = InFlight.None, Then = Aftermath.Replaced,
        },
        new(34, "four reloads at once", run => Task.WhenAll(Enumerable.Range(0, 4).Select(_ => run.Host.Runtime.ReloadAsync(FaultHost.VictimId))))
        {
            Calls = InFlight.None, Then = Aftermath.Replaced,
        },
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_death_costs_what_was_in_flight_and_nothing_else(string row) => FaultHarness.RunAsync(host, Rows.Find(Table, row), output);

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static async Task StopAndDie(FaultRun run, Task replacing)
    {
        run.SignalIfThere(Kill);
        await replacing;
    }

    /// <summary>The host of these rows.</summary>
    public sealed class Host : FaultHost
    {
        private protected override int Spares => 1;
    }
}

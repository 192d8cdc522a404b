using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Faults.Tests.Support;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Trust;
using Samples.Contracts;

namespace PluginHost.Faults.Tests;

/// <summary>Workers that break the protocol: a program in the worker's place that keeps to it up to one thing. The neighbour's worker is a real one.</summary>
public sealed class ChannelFaultTests(ChannelFaultTests.Host host, ITestOutputHelper output) : IClassFixture<ChannelFaultTests.Host>
{
    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        Broken(3, "garbage", FaultKind.LimitExceeded, "limit"),
        Broken(3, "garbage-in-a-frame", FaultKind.ProtocolViolation, "protocol does not allow"),
        Broken(3, "not-json", FaultKind.ProtocolViolation, "protocol does not allow"),
        Broken(28, "half-frame-exit", FaultKind.Exit, "leaving within a frame"),
        Broken(28, "half-frame-stall", FaultKind.Hang, "no sign of life"),
        Broken(6, "deaf", FaultKind.Hang, "no sign of life"),
        Broken(29, "zero-length", FaultKind.ProtocolViolation, "announces 0 bytes"),
        Broken(29, "negative-length", FaultKind.ProtocolViolation, "announces -5 bytes"),
        Broken(29, "oversized", FaultKind.LimitExceeded, "announces 1073741824 bytes"),
        Broken(29, "largest-length", FaultKind.LimitExceeded, "announces 2147483647 bytes"),
        Broken(40, "answer-flood", FaultKind.ProtocolViolation, "answers to calls that nobody made"),
        Broken(40, "call-flood", FaultKind.LimitExceeded, ""),
        Tolerated(40, "duplicate-answer"),
        Tolerated(40, "unknown-id"),
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_broken_channel_is_one_fault_that_says_what_came(string row) => FaultHarness.RunAsync(host, Rows.Find(Table, row), output);

    /// <summary>The next worker does it at a call: told as a fault, and the one after it is a real one.</summary>
    private static FaultRow Broken(int number, string mode, FaultKind kind, string says) =>
        new(number, $"channel: {mode}", async run =>
        {
            await BecomeAsync(run, mode);
            await run.FailsAsync(() => run.Victim.Echo("break"));
        })
        {
            Records = [kind], Says = says, Calls = InFlight.None,
        };

    private static FaultRow Tolerated(int number, string mode) =>
        new(number, $"channel: {mode}", async run =>
        {
            await BecomeAsync(run, mode);
            Assert.Equal("first", await Task.Run(() => run.Victim.Echo("first")));
            Assert.Equal("second", await Task.Run(() => run.Victim.Echo("second")));
        })
        {
            Calls = InFlight.None, Then = Aftermath.Replaced,
        };

    private static async Task BecomeAsync(FaultRun run, string mode)
    {
        run.Host.NextStarts(mode);
        await run.Host.Runtime.RestartAsync(FaultHost.VictimId);
        Assert.Equal(PluginState.Ready, run.Host.Status(FaultHost.VictimId).State);
    }

    /// <summary>The host of these rows and of those of <see cref="StartFaultTests"/>: the worker's program is the one that stands in for it.</summary>
    public class Host : FaultHost
    {
        private const string ModesVariable = "FAULTS_MODES";

        private protected override PluginRuntimeOptions Change(PluginRuntimeOptions options)
        {
            Environment.SetEnvironmentVariable(ModesVariable, ModesFile);
            NextStarts();
            File.WriteAllLines(ModesFile + ".methods", ContractDescriptor.Find(typeof(IFaulty))!.Methods.Select(m => m.WireName));
            return options with
            {
                Codec = RpcCodec.Json,
                Transport = WorkerTransport.Socket,
                PayloadAreaBytes = 0,
                Hangs = new HangOptions
                {
                    Heartbeat = TimeSpan.FromMilliseconds(200),
                    UnresponsiveAfter = TimeSpan.FromMilliseconds(800),
                    TerminateAfter = TimeSpan.FromMilliseconds(1600),
                },
                Workers = workers => workers with
                {
                    WorkerFolder = Place.FakeWorker,
                    HandshakeTimeout = TimeSpan.FromMilliseconds(1500),
                    StopGrace = TimeSpan.FromMilliseconds(500),
                    TerminateGrace = TimeSpan.FromMilliseconds(500),
                },
            };
        }

        private protected override PluginOverrides Override(PluginOverrides overrides) =>
            base.Override(overrides) with { Permissions = new PluginPermissions { Env = [ModesVariable] } };
    }
}

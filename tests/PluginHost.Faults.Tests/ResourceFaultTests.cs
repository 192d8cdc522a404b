using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Trust;

namespace PluginHost.Faults.Tests;

/// <summary>Plugins that take all there is of something: memory, descriptors, disk, output.</summary>
public sealed class ResourceFaultTests(ResourceFaultTests.Host host, ITestOutputHelper output) : IClassFixture<ResourceFaultTests.Host>
{
    private static readonly int s_flood = Place.IsSoak ? 1024 : 64;

    internal static IReadOnlyList<FaultRow> Table { get; } =
    [
        new(4, "a library prints to standard output", run => Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                run.Victim.PrintOut($"Loading the model {i} ...");
            }
        }))
        {
            Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(5, "standard output flooded (1 GiB in the soak)", run => Task.Run(() => run.Victim.FloodStdout(s_flood))) { Then = Aftermath.GoesOn, Calls = InFlight.GoOn },
        new(5, "standard error flooded", run => Task.Run(() => run.Victim.FloodStderr(s_flood))) { Then = Aftermath.GoesOn, Calls = InFlight.GoOn },
        new(5, "one line without an end (1 GiB in the soak)", run => Task.Run(() => run.Victim.PrintWithoutNewline((s_flood * 1024 * 1024) - 1)))
        {
            Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(9, "managed memory over limits.memory", run => run.FailsAsync(() => run.Victim.Allocate(1024)))
        {
            Records = [FaultKind.OutOfMemory], Says = "memory", Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(9, "native memory until the system refuses", run => run.FailsAsync(() => run.Victim.ExhaustNative(64)))
        {
            Records = [FaultKind.OutOfMemory], Says = "memory",
        },
        new(11, "descriptors of the worker exhausted", run => run.FailsAsync(() => run.Victim.ExhaustDescriptors(128)))
        {
            Records = [FaultKind.Exception], Says = "Too many open files", Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(38, "the plugin's disk is full", run => run.FailsAsync(() => run.Victim.FillDisk("/dev/full")))
        {
            Records = [FaultKind.Exception], Says = "No space left on device", Then = Aftermath.GoesOn, Calls = InFlight.GoOn,
        },
        new(38, "no temporary folder", async run =>
        {
            string before = run.Host.Temp;
            Environment.SetEnvironmentVariable("TMPDIR", "/proc/no/such/folder");
            try
            {
                run.Signal(9);
                await run.Host.UntilAsync(() => run.Host.Status(FaultHost.VictimId).State != PluginState.Ready, "The crash is seen");
                await run.Host.UntilAsync(() => run.Host.Status(FaultHost.VictimId).State == PluginState.Ready, "It runs again");
            }
            finally
            {
                Environment.SetEnvironmentVariable("TMPDIR", before);
            }
        })
        {
            Records = [FaultKind.Signal], Says = "SIGKILL",
        },
        new(11, "descriptors of the host exhausted", async run =>
        {
            await run.Host.Runtime.StopAsync(FaultHost.VictimId);
            using DescriptorHog hog = new();
            await run.Host.Runtime.StartAsync(FaultHost.VictimId);
        })
        {
            Records = [FaultKind.StartFailure], Says = "Too many open files", Calls = InFlight.None, Then = Aftermath.Retried,
        },
    ];

    public static TheoryData<string> Names => Rows.NamesOf(Table);

    [Theory]
    [MemberData(nameof(Names))]
    public Task What_a_plugin_takes_is_taken_from_it_alone(string row) => FaultHarness.RunAsync(host, Rows.Find(Table, row), output);

    /// <summary>The host of these rows: the victim may have 128 MiB of managed memory.</summary>
    public sealed class Host : FaultHost
    {
        private protected override PluginOverrides Override(PluginOverrides overrides) =>
            base.Override(overrides) with { Limits = new LimitOverrides { CallTimeout = TimeSpan.FromMinutes(1), Memory = 128L << 20 } };
    }
}

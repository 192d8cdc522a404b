using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>Tells that these tests count the process's children, which others start and end meanwhile.</summary>
[CollectionDefinition(nameof(SpareTests), DisableParallelization = true)]
public sealed class SpareTestsAlone;

/// <summary>A real worker is killed; what stood ready takes over.</summary>
[Collection(nameof(SpareTests))]
public sealed class SpareTests
{
    private const string Faulty = "samples.faulty";
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_crash_takes_the_warm_spare()
    {
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.Process, ids: [Faulty]);
        IFaulty faulty = host.Runtime.Get<IFaulty>(Faulty);
        await UntilAsync(() => host.Runtime.Spares.Ready == 1);

        Kill(host);
        string echo = await CallAgainAsync(() => faulty.Echo("back"));

        Assert.Equal("back", echo);
        Assert.Equal((1L, 1L), (host.Runtime.Spares.Taken, host.Runtime.Spares.Missed));
        Assert.Equal(FaultKind.Signal, Assert.Single(host.Runtime.Faults).Kind);
    }

    [Fact]
    public async Task A_crash_takes_the_hot_spare_with_the_plugin_in_it()
    {
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.Process, spare: SpareMode.Hot, ids: [Faulty]);
        IFaulty faulty = host.Runtime.Get<IFaulty>(Faulty);
        await UntilAsync(() => host.Runtime.Spares.Hot == 1);
        int first = host.Status(Faulty).WorkerPid!.Value;

        Kill(host);
        string echo = await CallAgainAsync(() => faulty.Echo("back"));
        PluginStatus after = host.Status(Faulty);
        await UntilAsync(() => host.Runtime.Spares.Hot == 1);

        Assert.Equal("back", echo);
        Assert.Equal(2, after.Generation);
        Assert.NotEqual(first, after.WorkerPid);
        Assert.Equal(FaultKind.Signal, Assert.Single(host.Runtime.Faults).Kind);
        Assert.Equal(0, host.Runtime.Spares.Ready);
    }

    [Fact]
    public async Task The_end_of_the_host_ends_warm_and_hot_spares()
    {
        int[] before = [.. ProcessLife.ChildrenOf(Environment.ProcessId)];
        SampleHost warm = await SampleHost.StartAsync(PluginTier.Process, ids: [Faulty]);
        SampleHost hot = await SampleHost.StartAsync(PluginTier.Process, spare: SpareMode.Hot, ids: [Faulty]);
        await UntilAsync(() => warm.Runtime.Spares.Ready == 1 && hot.Runtime.Spares.Hot == 1);
        int[] ours = [.. ProcessLife.ChildrenOf(Environment.ProcessId).Except(before)];

        await warm.DisposeAsync();
        await hot.DisposeAsync();

        Assert.True(ours.Length >= 4);
        foreach (int pid in ours.Where(p => Command(p).Contains("PluginHost.Worker", StringComparison.Ordinal)))
        {
            Assert.Fail($"Worker {pid} is left.");
        }
    }

    private static string Command(int pid)
    {
        try
        {
            return ProcessLife.IsAlive(pid) ? File.ReadAllText($"/proc/{pid}/cmdline") : "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task<string> CallAgainAsync(Func<string> call)
    {
        while (true)
        {
            try
            {
                return await Task.Run(call);
            }
            catch (PluginFaultException lost) when (lost.Kind == FaultKind.Signal)
            {
                // In flight when the worker died.
            }
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_long, "It did not come to that.");
            await Task.Yield();
        }
    }

    private static void Kill(SampleHost host)
    {
        using Process worker = Process.GetProcessById(host.Status(Faulty).WorkerPid!.Value);
        worker.Kill();
    }
}

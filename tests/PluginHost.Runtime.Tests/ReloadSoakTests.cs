using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tests.Support;
using PluginHost.Runtime.Tiers;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>Loads and unloads the samples in-process over and over, with real collections.</summary>
[Collection(nameof(ReloadSoakTests))]
public sealed class ReloadSoakTests(ITestOutputHelper output)
{
    private const long Tolerance = 256 * 1024;
    private const int WarmUp = 10;
    private static readonly bool s_isSoak = Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") == "1";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("samples.calculator")]
    [InlineData("samples.markdown")]
    [InlineData("samples.notes")]
    [InlineData("samples.wordcount")]
    [InlineData("samples.faulty")]
    public async Task Loading_and_unloading_a_sample_keeps_memory_and_the_count_of_assemblies_flat(string id)
    {
        int rounds = s_isSoak ? 1000 : 50;
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.InProcess, ids: [id]);
        await RunAsync(host, id, WarmUp);
        (long Bytes, int Assemblies) before = Measure();
        List<(long Bytes, int Assemblies)> growth = [];

        // What is kept or loaded once, a cache or an assembly of the framework, grows one window; what is kept a round grows them all.
        while (growth.Count < 4 && !growth.Any(g => g is { Bytes: <= Tolerance, Assemblies: <= 0 }))
        {
            await RunAsync(host, id, rounds);
            (long Bytes, int Assemblies) after = Measure();
            growth.Add((after.Bytes - before.Bytes, after.Assemblies - before.Assemblies));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{id}: {rounds} rounds, {growth[^1].Bytes:N0} bytes and {growth[^1].Assemblies} assemblies more"));
            before = after;
        }

        Assert.Contains(growth, g => g is { Bytes: <= Tolerance, Assemblies: <= 0 });
        Assert.Empty(host.Runtime.Faults);
    }

    [Fact]
    public async Task Fifty_reloads_under_load_fail_no_call()
    {
        const string id = "samples.calculator";
        await using SampleHost host = await SampleHost.StartAsync(PluginTier.InProcess, ids: [id]);
        ICalculator calculator = host.Runtime.Get<ICalculator>(id);
        CallLoad load = new(
            2000,
            () => { Assert.Equal(3, calculator.Add(1, 2)); return Task.CompletedTask; },
            async () => Assert.Equal(5, await calculator.AddAsync(2, 3, Cancelled)),
            async () => Assert.Equal(6, await calculator.SumAsync([1, 2, 3], Cancelled)));
        for (int round = 1; round <= 50; round++)
        {
            await host.Runtime.ReloadAsync(id);
            await CollectedAsync(host, id);
        }

        (int answered, IReadOnlyList<Exception> failures) = await load.EndAsync();

        Assert.Empty(failures);
        Assert.InRange(answered, 1000, int.MaxValue);
        Assert.Equal((PluginState.Ready, 51), (host.Status(id).State, host.Status(id).Generation));
        Assert.Empty(host.Runtime.Faults);
        Assert.Equal(50, host.Runtime.Restarts.Count(r => r.Cause == "reload"));
    }

    private static async Task RunAsync(SampleHost host, string id, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            await UseAsync(host, id);
            UnloadResult result = await host.Runtime.ReloadAsync(id);
            Assert.Equal(0, result.AbandonedCalls);
            await CollectedAsync(host, id);
        }
    }

    private static async Task UseAsync(SampleHost host, string id)
    {
        switch (id)
        {
            case "samples.calculator":
                Assert.Equal(5, await host.Runtime.Get<ICalculator>(id).AddAsync(2, 3, Cancelled));
                break;
            case "samples.markdown":
                Assert.Contains("<h1", await host.Runtime.Get<IMarkdown>(id).RenderAsync("# hello", Cancelled), StringComparison.Ordinal);
                break;
            case "samples.notes":
                await host.Runtime.Get<INotes>(id).ListAsync(null, Cancelled);
                break;
            case "samples.wordcount":
                Assert.Equal(2, (await host.Runtime.Get<IWordCount>(id).CountAsync("two words", 5, Cancelled)).Words);
                break;
            default:
                Assert.Equal("x", host.Runtime.Get<IFaulty>(id).Echo("x"));
                break;
        }
    }

    /// <summary>Collects as an application does in the course of time, until all generations but the running one are proved gone.</summary>
    private static async Task CollectedAsync(SampleHost host, string id)
    {
        for (int round = 0; host.Status(id).Unproved.Count > 0; round++)
        {
            Assert.True(round < 1000, "A replaced generation has not been collected.");
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(5, Cancelled);
        }
    }

    private static (long Bytes, int Assemblies) Measure()
    {
        for (int round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return (GC.GetTotalMemory(forceFullCollection: true), AppDomain.CurrentDomain.GetAssemblies().Length);
    }
}

/// <summary>Alone: memory and assemblies are the process's.</summary>
[CollectionDefinition(nameof(ReloadSoakTests), DisableParallelization = true)]
public sealed class ReloadSoakTestsAlone;

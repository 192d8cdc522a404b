using System.Diagnostics;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Tests.Support;
using Samples.Contracts;

namespace PluginHost.Runtime.Tests;

/// <summary>A cancelled call's work stops soon, whoever cancels: the caller or the deadline.</summary>
public sealed class CancellationTests
{
    private const string Faulty = "samples.faulty";
    private const int Rounds = 21;

    [Theory]
    [InlineData(PluginTier.InProcess)]
    [InlineData(PluginTier.Process)]
    public async Task A_callers_cancellation_stops_the_plugins_work_within_100_ms(PluginTier tier)
    {
        await using SampleHost host = await SampleHost.StartAsync(tier, ids: Faulty);
        IFaulty faulty = host.Runtime.Get<IFaulty>(Faulty);
        List<double> milliseconds = [];
        for (int round = 1; round <= Rounds; round++)
        {
            using CancellationTokenSource source = new();
            Task call = faulty.SleepAsync(60_000, source.Token);
            await UntilAsync(() => faulty.StartedCalls() == round);
            long cancelled = Stopwatch.GetTimestamp();
            await source.CancelAsync();
            await UntilAsync(() => faulty.StoppedCalls() == round);
            milliseconds.Add(Stopwatch.GetElapsedTime(cancelled).TotalMilliseconds);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }

        // The median: one round may meet another process's turn on the core.
        milliseconds.Sort();
        Assert.InRange(milliseconds[Rounds / 2], 0, 100);
    }

    [Theory]
    [InlineData(PluginTier.InProcess)]
    [InlineData(PluginTier.Process)]
    public async Task A_deadline_stops_the_plugins_work_within_100_ms_of_its_end(PluginTier tier)
    {
        TimeSpan deadline = TimeSpan.FromMilliseconds(200);
        await using SampleHost host = await SampleHost.StartAsync(tier, callTimeout: deadline, ids: Faulty);
        IFaulty faulty = host.Runtime.Get<IFaulty>(Faulty);
        List<double> milliseconds = [];
        for (int round = 1; round <= Rounds; round++)
        {
            long began = Stopwatch.GetTimestamp();
            await Assert.ThrowsAsync<PluginTimeoutException>(() => faulty.SleepAsync(60_000, CancellationToken.None));
            await UntilAsync(() => faulty.StoppedCalls() == round);
            milliseconds.Add((Stopwatch.GetElapsedTime(began) - deadline).TotalMilliseconds);
        }

        milliseconds.Sort();
        Assert.InRange(milliseconds[Rounds / 2], -20, 100);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        long began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It has not come true for 30 s.");
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

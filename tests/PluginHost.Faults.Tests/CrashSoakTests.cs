using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using PluginHost.Contracts.Faults;
using PluginHost.Faults.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Trust;
using PluginHost.TestKit;
using Samples.Contracts;

namespace PluginHost.Faults.Tests;

/// <summary>Crash and restart, over and over, with calls in flight: 50 times in every run, 1,000 times in the soak.</summary>
public sealed partial class CrashSoakTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Plain = "samples.faulty";
    private const string Idempotent = "samples.calculator";
    private const int Lanes = 4;
    private const int FewestAnswers = 20;
    private const long Mebibyte = 1024 * 1024;
    private static readonly int s_crashes = Place.IsSoak ? 1000 : 50;
    private readonly TempFolder _folder = new();
    private PluginRuntime _runtime = null!;

    public async ValueTask InitializeAsync()
    {
        foreach (string id in (string[])[Plain, Idempotent])
        {
            string folder = _folder.CopyOf(Path.Combine(Place.Plugins, id), Path.Combine("plugins", id));
            JsonNode manifest = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "plugin.json"), CancellationToken.None))!;
            manifest["trust"] = "standard";
            manifest["restart"] = new JsonObject { ["limit"] = 100 };
            await File.WriteAllTextAsync(Path.Combine(folder, "plugin.json"), manifest.ToJsonString(), CancellationToken.None);
        }

        _runtime = await PluginRuntime.StartAsync(new PluginRuntimeOptions
        {
            Directory = _folder["plugins"],
            StateFolder = _folder["state"],
            ContractAssemblies = [typeof(IFaulty).Assembly],
            Spares = new SpareOptions { RefillDelay = TimeSpan.FromMilliseconds(20) },
            RestartRate = new RestartRateOptions { PerSecond = 1000, Burst = 1000 },
            Policy = new PluginPolicy { Development = _folder["plugins"] },
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _runtime.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Crashes_leave_nothing_behind_and_every_call_is_accounted_for()
    {
        IFaulty faulty = _runtime.Get<IFaulty>(Plain);
        ICalculator calculator = _runtime.Get<ICalculator>(Idempotent);
        double[] numbers = [.. Enumerable.Repeat(1.0, 20_000)];
        await CrashAsync(10, faulty, calculator, numbers);
        (Holdings Held, int Threads, long Heap, long Resident) before = await SettledAsync();

        Tally tally = await CrashAsync(s_crashes, faulty, calculator, numbers);

        (Holdings Held, int Threads, long Heap, long Resident) after = await SettledAsync(before.Held);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{s_crashes} crashes. Plain: {tally.PlainSent} sent, {tally.PlainAnswered} answered, {tally.PlainFailed} failed. Idempotent: {tally.IdempotentSent} sent, {tally.IdempotentAnswered} answered. Threads {before.Threads} to {after.Threads}, heap {before.Heap / Mebibyte} to {after.Heap / Mebibyte} MiB, resident {before.Resident / Mebibyte} to {after.Resident / Mebibyte} MiB."));
        Assert.Null(after.Held.DifferenceTo(before.Held));
        Assert.InRange(after.Threads, 0, before.Threads + 4);
        Assert.InRange(after.Heap, 0, before.Heap + (8 * Mebibyte));
        Assert.InRange(after.Resident, 0, before.Resident + (64 * Mebibyte));
        Assert.Equal(tally.PlainSent, tally.PlainAnswered + tally.PlainFailed);
        Assert.Equal(tally.IdempotentSent, tally.IdempotentAnswered);
        Assert.InRange(tally.PlainFailed, 1, s_crashes * Lanes);
    }

    /// <summary>Kills the two plugins' workers by turns while both are called all the time.</summary>
    private async Task<Tally> CrashAsync(int crashes, IFaulty faulty, ICalculator calculator, double[] numbers)
    {
        Tally tally = new();
        using CancellationTokenSource enough = new();
        Task calling = Task.WhenAll(Enumerable.Range(0, Lanes).SelectMany(_ => (Task[])
        [
            Task.Run(() => CallPlainAsync(faulty, tally, enough.Token)),
            Task.Run(() => CallIdempotentAsync(calculator, numbers, tally, enough.Token)),
        ]));
        for (int crash = 0; crash < crashes; crash++)
        {
            string id = crash % 2 == 0 ? Plain : Idempotent;
            int generation = Status(id).Generation;

            // A call that was sent again and lost that worker too has failed for good: the next crash waits until all such have been answered.
            long answers = tally.Answers(id == Plain) + FewestAnswers;
            await UntilAsync(() => tally.Answers(id == Plain) >= answers, $"Generation {generation} of {id} answers");
            _ = kill(Status(id).WorkerPid!.Value, 9);
            await UntilAsync(() => Status(id) is { State: PluginState.Ready } now && now.Generation > generation, $"{id} runs again");
            await _runtime.ResetAsync(id);
        }

        await enough.CancelAsync();
        await calling.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        return tally;
    }

    private static async Task CallPlainAsync(IFaulty faulty, Tally tally, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            Interlocked.Increment(ref tally.PlainSent);
            try
            {
                await faulty.SleepAsync(2, CancellationToken.None);
                Interlocked.Increment(ref tally.PlainAnswered);
            }
            catch (PluginException lost) when (lost.FaultId is not null)
            {
                Interlocked.Increment(ref tally.PlainFailed);
            }
        }
    }

    private static async Task CallIdempotentAsync(ICalculator calculator, double[] numbers, Tally tally, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            Interlocked.Increment(ref tally.IdempotentSent);
            Assert.Equal(numbers.Length, await calculator.SumAsync(numbers, CancellationToken.None));
            Interlocked.Increment(ref tally.IdempotentAnswered);
        }
    }

    /// <summary>What is held once all is quiet; waits for it to be as before, where there was a before.</summary>
    private async Task<(Holdings Held, int Threads, long Heap, long Resident)> SettledAsync(Holdings? before = null)
    {
        await UntilAsync(() => _runtime.Spares is { Starting: 0, Ready: 1 }, "The spare stands ready");
        Holdings held = Hold();
        for (int tries = 0; before is not null && held.DifferenceTo(before) is not null && tries < 250; tries++)
        {
            GC.Collect();
            await Task.Delay(20, CancellationToken.None);
            held = Hold();
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        using Process self = Process.GetCurrentProcess();
        return (held, self.Threads.Count, GC.GetTotalMemory(forceFullCollection: true), self.WorkingSet64);
    }

    // The journal of faults is rotated: its old parts come and go.
    private Holdings Hold() => Holdings.Of([.. Directory.EnumerateFileSystemEntries(_folder["state"]).Where(f => !Path.GetFileName(f).StartsWith("faults", StringComparison.Ordinal))]);

    private PluginStatus Status(string id) => _runtime.Status.Single(s => s.Id == id);

    private async Task UntilAsync(Func<bool> isSo, string what)
    {
        using CancellationTokenSource deadline = new(FaultHost.Patience);
        while (!isSo())
        {
            Assert.False(deadline.IsCancellationRequested, $"{what}: not so. {string.Join("; ", _runtime.Status.Select(s => $"{s.Id} is {s.State}: {string.Join(' ', s.Reasons)}"))}");
            await Task.Delay(1, CancellationToken.None);
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    /// <summary>What became of the calls.</summary>
    private sealed class Tally
    {
        public long PlainSent;
        public long PlainAnswered;
        public long PlainFailed;
        public long IdempotentSent;
        public long IdempotentAnswered;

        public long Answers(bool isPlain) => Volatile.Read(ref isPlain ? ref PlainAnswered : ref IdempotentAnswered);
    }
}

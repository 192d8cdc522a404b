using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Faults.Tests.Support;

/// <summary>
/// Brings one fault about and holds the host to the conditions that are the same for all: it lives; another plugin's p99 is at most three times its own;
/// every call ends, with a typed error that points to the record, in time; the records are exactly the expected ones; nothing is left behind; the policy
/// does its part; the next call works.
/// </summary>
internal static class FaultHarness
{
    private const double MostTimesSlower = 3;
    private const int Attempts = 5;

    // What the neighbour's calls took before this fault, and before those just before it: one look is short for a 99th percentile.
    private const int QuietTimes = 8;
    private const int QuietCalls = 120;

    /// <summary>Runs a row in a host that others use before and after it.</summary>
    public static Task RunAsync(FaultHost host, FaultRow row, ITestOutputHelper output) => RunAsync(() => RunOnceAsync(host, row), output);

    /// <summary>Runs a row in a host of its own, which it leaves changed.</summary>
    public static Task RunAloneAsync(Func<FaultHost> create, FaultRow row, ITestOutputHelper output) => RunAsync(
        async () =>
        {
            await using FaultHost host = create();
            await host.InitializeAsync();
            return await RunOnceAsync(host, row);
        },
        output);

    // Only the neighbour's pace is measured again, with the whole fault: the machine may have been busy with something else. A host that makes it wait
    // does so each time.
    private static async Task RunAsync(Func<Task<string?>> once, ITestOutputHelper output)
    {
        for (int attempt = 1; await once() is { } slow; attempt++)
        {
            output.WriteLine($"Measured again ({attempt} of {Attempts}): {slow}");
            Assert.True(attempt < Attempts, slow);
        }
    }

    private static async Task<string?> RunOnceAsync(FaultHost host, FaultRow row)
    {
        await host.SettleAsync();

        // With their counts: one that is like an earlier one, of the round before this, is counted there.
        HashSet<(string?, long)> known = [.. host.Runtime.Faults.Select(f => (f.Id, f.Count))];
        PluginStatus before = host.Status(FaultHost.VictimId);
        PluginStatus neighbourBefore = host.Status(FaultHost.NeighbourId);
        RestartRecord[] earlier = [.. host.Runtime.Restarts];
        Holdings held = host.Hold();
        Neighbour neighbour = new(host.Neighbour);
        do
        {
            host.Quiet.Add(await neighbour.CallAsync(Task.CompletedTask, QuietCalls));
        }
        while (host.Quiet.Count < QuietTimes / 2);

        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<double[]> meanwhile = neighbour.CallAsync(over.Task);
        FaultRun run = new(host, before.WorkerPid ?? 0);
        List<PluginException> errors = [];
        await using (CallsInFlight inFlight = await CallsInFlight.BeginAsync(host, row.Calls))
        {
            try
            {
                await row.Inject(run).WaitAsync(row.Within);
                errors.AddRange(await inFlight.EndAsync(row.Calls, row.Within));
                await AwaitPolicyAsync(run, row, before);
            }
            catch when (row.Mend is not null)
            {
                // The rows behind this one find the host as it was.
                await row.Mend(run);
                throw;
            }
            finally
            {
                over.SetResult();
            }
        }

        double[] during = await meanwhile;
        await AssertNothingLeftAsync(host, row, held);
        errors.AddRange(run.Failed);
        AssertRecords(row, [.. host.Runtime.Faults.Where(f => !known.Contains((f.Id, f.Count)))], errors);
        AssertRestarts(row, [.. host.Runtime.Restarts.Except(earlier)]);
        PluginStatus neighbourAfter = host.Status(FaultHost.NeighbourId);
        Assert.Equal((neighbourBefore.Generation, neighbourBefore.WorkerPid), (neighbourAfter.Generation, neighbourAfter.WorkerPid));
        return Compare(Neighbour.P99([.. host.Quiet.TakeLast(QuietTimes).SelectMany(static times => times)]), Neighbour.P99(during));
    }

    /// <summary>Waits until the policy has done its part, then makes the next call.</summary>
    private static async Task AwaitPolicyAsync(FaultRun run, FaultRow row, PluginStatus before)
    {
        FaultHost host = run.Host;
        PluginState rest = row.Then switch { Aftermath.Quarantined or Aftermath.QuarantinedAtOnce => PluginState.Quarantined, Aftermath.Refused => PluginState.Refused, _ => PluginState.Ready };
        int further = row.Then is Aftermath.GoesOn or Aftermath.Refused or Aftermath.QuarantinedAtOnce ? 0 : 1;
        await host.UntilAsync(
            () => host.Status(FaultHost.VictimId) is var now && now.State == rest && now.Generation >= before.Generation + further,
            $"{row.Name}: {row.Then}",
            row.Within);
        PluginStatus after = host.Status(FaultHost.VictimId);
        if (row.Then == Aftermath.GoesOn)
        {
            Assert.Equal((before.Generation, before.WorkerPid), (after.Generation, after.WorkerPid));
        }

        if (rest != PluginState.Ready)
        {
            PluginException told = await run.FailsAsync(() => run.Victim.Echo("while it may not run"));
            Assert.Equal(FaultHost.VictimId, told.PluginId);
            Assert.Contains(row.Says, told.Message, StringComparison.Ordinal);
        }

        await (row.Mend?.Invoke(run) ?? Task.CompletedTask);
        if (rest != PluginState.Ready)
        {
            await host.Runtime.ResetAsync(FaultHost.VictimId);
        }

        Assert.Equal("again", await Task.Run(() => run.Victim.Echo("again")).WaitAsync(row.Within));
        if (row.Then == Aftermath.Demoted)
        {
            Assert.Equal(PluginTier.Process, host.Status(FaultHost.VictimId).Tier);
        }
    }

    private static async Task AssertNothingLeftAsync(FaultHost host, FaultRow row, Holdings before)
    {
        string? left = null;
        if (row.Then == Aftermath.Demoted)
        {
            // It had no process before.
            await host.Runtime.StopAsync(FaultHost.VictimId);
        }
        else
        {
            await host.SettleAsync();
        }

        using CancellationTokenSource deadline = new(FaultHost.Patience);
        while ((left = host.Hold().DifferenceTo(before)) is not null && !deadline.IsCancellationRequested)
        {
            // A mapping that a caller was given goes with the caller's object.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(20, CancellationToken.None);
        }

        Assert.True(left is null, $"Left behind: {left}");
    }

    private static void AssertRecords(FaultRow row, FaultRecord[] records, List<PluginException> errors)
    {
        string all = string.Join("; ", records.Select(r => $"{r.PluginId} {r.Kind}: {r.Message}"));
        Assert.True(
            row.Records.SequenceEqual(records.Select(r => r.Kind)) || (row.IsRace && records.Length == 0),
            $"Expected {string.Join(", ", row.Records)}; recorded: {all}");
        Assert.All(records, record =>
        {
            Assert.Equal(FaultHost.VictimId, record.PluginId);
            Assert.False(string.IsNullOrWhiteSpace(record.Message));
        });
        if (records.Length > 0)
        {
            Assert.Contains(row.Says, $"{records[^1].Message} {records[^1].Remedy} {records[^1].StderrTail}", StringComparison.Ordinal);
        }

        Assert.All(errors, error => Assert.True(
            error.PluginId == FaultHost.VictimId && (error.FaultId is null ? row.Records.Length == 0 : records.Any(r => r.Id == error.FaultId)),
            $"A call failed with {error.Kind} and points to '{error.FaultId}': {error.Message}. Recorded: {all}"));
    }

    private static void AssertRestarts(FaultRow row, RestartRecord[] restarts)
    {
        int expected = row.Then is Aftermath.Restarted or Aftermath.Retried or Aftermath.Demoted ? 1 : 0;
        RestartRecord[] ofFaults = [.. restarts.Where(r => Enum.TryParse<FaultKind>(r.Cause, out _))];
        Assert.True(
            ofFaults.Length == expected || (row.IsRace && ofFaults.Length <= 1),
            $"Expected {expected} restart(s) because of the fault; {string.Join(", ", restarts.Select(r => $"{r.PluginId} {r.Cause}"))}");
        Assert.All(ofFaults, restart => Assert.Equal((FaultHost.VictimId, row.Records[^1].ToString()), (restart.PluginId, restart.Cause)));
    }

    private static string? Compare(double quiet, double during) => during <= MostTimesSlower * quiet
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"Another plugin's p99 was {during:0.0} ms; alone it is {quiet:0.0} ms, and at most {MostTimesSlower} times that is allowed.");
}

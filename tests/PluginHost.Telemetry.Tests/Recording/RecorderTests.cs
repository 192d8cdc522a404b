using FlightVictim;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Telemetry.Recording;
using PluginHost.Telemetry.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Recording;

public sealed class RecorderTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ListLogger _logger = new();
    private readonly Recorder _recorder;

    public RecorderTests() => _recorder = new Recorder(new RecorderOptions(), _clock, _logger);

    [Fact]
    public async Task Counts_of_an_out_of_process_method_are_exact_after_many_threads()
    {
        MethodRecorder method = _recorder.Plugin("p", PluginTier.Process).Method("M.Do");

        await OnThreads(8, () =>
        {
            for (int i = 0; i < 6_000; i++)
            {
                method.InFlight(began: true);
                if (i % 6 == 0)
                {
                    method.Completed(1000, 400, 100);
                }
                else
                {
                    method.Ended((CallStatus)(i % 6));
                }

                method.InFlight(began: false);
            }
        });

        PluginStats stats = Assert.Single(_recorder.Snapshot().Plugins);
        Assert.Equal(
            (48_000, 8_000, 8_000, 8_000, 8_000, 8_000, 8_000, 0),
            (stats.Calls, stats.Ok, stats.Errors, stats.Faulted, stats.Timeouts, stats.Cancelled, stats.Unavailable, stats.InFlight));
        Assert.Equal((8_000, 8_000), (stats.Latency.Samples, stats.Overhead!.Samples));
    }

    [Fact]
    public async Task Counts_of_an_in_process_method_are_pulled_from_its_slot_and_exact_after_many_threads()
    {
        int slot = ThreadBlocks.Reserve(1);
        MethodRecorder method = _recorder.Plugin("p", PluginTier.InProcess).Method("M.Do");
        method.AttachSlot(slot);
        ProbeGuard guard = new(slot);

        await OnThreads(8, () =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                guard.Call(0, () => { });
                if (i % 10 == 0)
                {
                    method.Ended(CallStatus.Error);
                }
            }
        });

        PluginStats stats = Assert.Single(_recorder.Snapshot().Plugins);
        Assert.Equal((80_000, 72_000, 8_000, 0), (stats.Calls, stats.Ok, stats.Errors, stats.InFlight));
        ThreadBlocks.Release(slot, 1);
    }

    [Fact]
    public void A_call_inside_an_in_process_plugin_is_in_flight()
    {
        int slot = ThreadBlocks.Reserve(1);
        _recorder.Plugin("p", PluginTier.InProcess).Method("M.Do").AttachSlot(slot);

        new ProbeGuard(slot).Call(0, () => Assert.Equal((1, 0), InFlightAndCalls()));

        Assert.Equal((0, 1), InFlightAndCalls());
        ThreadBlocks.Release(slot, 1);

        (long InFlight, long Calls) InFlightAndCalls() =>
            _recorder.Snapshot().Plugins[0] is { } stats ? (stats.InFlight, stats.Calls) : default;
    }

    [Fact]
    public void A_detached_slot_keeps_its_counts_and_a_later_owner_of_it_does_not_add_to_them()
    {
        int slot = ThreadBlocks.Reserve(1);
        MethodRecorder method = _recorder.Plugin("p", PluginTier.InProcess).Method("M.Do");
        method.AttachSlot(slot);
        new ProbeGuard(slot).Call(0, () => { });

        method.DetachSlot(slot);
        method.DetachSlot(slot);
        ThreadBlocks.Release(slot, 1);
        int again = ThreadBlocks.Reserve(1);
        new ProbeGuard(again).Call(0, () => { });

        Assert.Equal(1, Assert.Single(_recorder.Snapshot().Plugins).Calls);
        ThreadBlocks.Release(again, 1);
    }

    [Fact]
    public void A_cut_call_is_unavailable_and_no_result()
    {
        int slot = ThreadBlocks.Reserve(1);
        MethodRecorder method = _recorder.Plugin("p", PluginTier.InProcess).Method("M.Do");
        method.AttachSlot(slot);
        new ProbeGuard(slot).Call(0, () => { });
        method.Cut();
        method.Ended(CallStatus.Unavailable);
        new ProbeGuard(slot).Call(0, () => { });

        PluginStats stats = Assert.Single(_recorder.Snapshot().Plugins);

        Assert.Equal((3, 1, 2), (stats.Calls, stats.Ok, stats.Unavailable));
        ThreadBlocks.Release(slot, 1);
    }

    [Fact]
    public void Overhead_is_the_round_trip_without_inside_and_queue()
    {
        MethodRecorder method = _recorder.Plugin("p", PluginTier.Process).Method("M.Do");

        method.Completed(roundTripTicks: 50_000, insideNanoseconds: 20_000, queuedTicks: 10_000);

        OverheadStats overhead = Assert.Single(_recorder.Snapshot().Plugins).Overhead!;
        Assert.Equal(20.0, overhead.P50Us, tolerance: 0.4);
        Assert.Equal((1, "measured"), (overhead.Samples, overhead.Method));
    }

    [Fact]
    public void A_call_without_inside_time_and_calls_that_ended_otherwise_give_no_overhead()
    {
        MethodRecorder method = _recorder.Plugin("p", PluginTier.Process).Method("M.Do");

        method.Completed(50_000, insideNanoseconds: -1, 0);
        method.Ended(CallStatus.Timeout);
        method.Ended(CallStatus.Cancelled);

        PluginStats stats = Assert.Single(_recorder.Snapshot().Plugins);
        Assert.Null(stats.Overhead);
        Assert.Equal(1, stats.Latency.Samples);
    }

    [Fact]
    public void An_inside_time_beyond_the_round_trip_gives_no_overhead_below_zero()
    {
        _recorder.Plugin("p", PluginTier.Process).Method("M.Do").Completed(1_000, insideNanoseconds: long.MaxValue, 0);

        Assert.Equal(0, Assert.Single(_recorder.Snapshot().Plugins).Overhead!.P99Us);
    }

    [Fact]
    public void In_process_overhead_is_unknown_until_calibrated_and_then_says_so()
    {
        _recorder.Plugin("p", PluginTier.InProcess).Method("M.Do").Sample(1_000);
        Assert.Null(Assert.Single(_recorder.Snapshot().Plugins).Overhead);

        _recorder.SetCalibratedOverhead(3.25);

        StatsSnapshot snapshot = _recorder.Snapshot();
        OverheadStats expected = new(0.00325, 0.00325, 0.00325, 0.00325, 0.00325, 0, "calibrated");
        Assert.Equal(expected, Assert.Single(snapshot.Plugins).Overhead);
        Assert.Equal(expected, Assert.Single(snapshot.Tiers).Overhead);
        Assert.Equal(expected, Assert.Single(snapshot.Plugins[0].Methods).Overhead);
    }

    [Fact]
    public void Plugins_and_tiers_are_the_sums_of_what_is_below_them()
    {
        _recorder.Plugin("a", PluginTier.Process).Method("A.X").Completed(10_000, 0, 0);
        _recorder.Plugin("a", PluginTier.Process).Method("A.Y").Completed(90_000, 0, 0);
        _recorder.Plugin("b", PluginTier.Process).Method("B.X").Ended(CallStatus.Error);
        _recorder.Plugin("a", PluginTier.InProcess).Method("A.X").Sample(500);
        _recorder.Restarted("a", PluginTier.Process, "crash", 1, 2, TimeSpan.FromMilliseconds(40));
        _recorder.Plugin("b", PluginTier.Process).Fault(Faults.Of("b"));

        StatsSnapshot snapshot = _recorder.Snapshot();

        Assert.Equal([("a", PluginTier.InProcess), ("a", PluginTier.Process), ("b", PluginTier.Process)], snapshot.Plugins.Select(p => (p.Id, p.Tier!.Value)));
        Assert.Equal((2, 90.0), (snapshot.Plugins[1].Latency.Samples, snapshot.Plugins[1].Latency.MaxUs));
        Assert.Equal([PluginTier.InProcess, PluginTier.Process], snapshot.Tiers.Select(tier => tier.Tier));
        TierStats process = snapshot.Tiers[1];
        Assert.Equal((3, 2, 1, 1, 1), (process.Calls, process.Ok, process.Errors, process.Faults, process.Restarts));
        Assert.Equal(2, process.Latency.Samples);
    }

    [Fact]
    public void A_restart_is_counted_by_cause_and_told()
    {
        List<PluginEvent> told = [];
        using IDisposable subscription = _recorder.Subscribe(told.Add);

        _recorder.Restarted("p", PluginTier.Process, "crash", 3, 4, TimeSpan.FromMilliseconds(45.5));

        RestartRecord expected = new(_clock.GetUtcNow(), "p", PluginTier.Process, "crash", 3, 4, 45.5);
        Assert.Equal(expected, Assert.Single(_recorder.Restarts("p")));
        Assert.Equal(new RestartEvent(expected), Assert.Single(told));
        Assert.Equal(1, Assert.Single(_recorder.Snapshot().Plugins).RestartsByCause["crash"]);
    }

    [Fact]
    public void A_failing_subscriber_is_logged_and_keeps_nobody_else_from_hearing()
    {
        List<PluginEvent> told = [];
        _recorder.Subscribe(_ => throw new InvalidOperationException("subscriber"));
        IDisposable subscription = _recorder.Subscribe(told.Add);

        _recorder.Lifecycle("p", null, "Starting", 1, "asked to");
        subscription.Dispose();
        _recorder.Lifecycle("p", null, "Ready", 1, null);

        Assert.Equal(new LifecycleEvent(_clock.GetUtcNow(), "p", null, "Starting", 1, "asked to"), Assert.Single(told));
        Assert.Equal(2, _logger.Events.Count(entry => entry.Id.Id == 10000));
    }

    [Fact]
    public void A_fault_before_any_tier_is_counted_in_an_entry_without_one()
    {
        _recorder.Fault(Faults.Of("p", kind: FaultKind.Refused, method: null) with { Tier = null });

        StatsSnapshot snapshot = _recorder.Snapshot();

        Assert.Null(Assert.Single(snapshot.Plugins).Tier);
        Assert.Equal(1, snapshot.Plugins[0].FaultsByKind[FaultKind.Refused]);
        Assert.Empty(snapshot.Tiers);
    }

    [Fact]
    public void Methods_past_the_limit_share_one_entry()
    {
        using Recorder small = new(new RecorderOptions { MethodsPerPlugin = 2 }, _clock, _logger);
        PluginRecorder plugin = small.Plugin("p", PluginTier.Process);

        foreach (string name in (string[])["A", "B", "C", "D"])
        {
            plugin.Method(name).Ended(CallStatus.Ok);
        }

        Assert.Equal(
            [("(other)", 2L), ("A", 1L), ("B", 1L)],
            small.Snapshot().Plugins[0].Methods.Select(method => (method.Method, method.Calls)));
    }

    [Fact]
    public void A_forgotten_plugin_is_gone_from_the_figures()
    {
        _recorder.Plugin("p", PluginTier.Process).Method("M").Ended(CallStatus.Ok);
        _recorder.Plugin("q", PluginTier.Process).Method("M").Ended(CallStatus.Ok);

        _recorder.Forget("p");

        Assert.Equal("q", Assert.Single(_recorder.Snapshot().Plugins).Id);
    }

    [Fact]
    public void Options_out_of_range_are_named_all_at_once()
    {
        RecorderOptions options = new() { RecentFaults = 0, CoalesceWindow = TimeSpan.Zero, StackBytes = 1 };

        ArgumentException refused = Assert.Throws<ArgumentException>(() => new Recorder(options, _clock, _logger));

        Assert.Contains("RecentFaults is 0", refused.Message, StringComparison.Ordinal);
        Assert.Contains("CoalesceWindow is 00:00:00", refused.Message, StringComparison.Ordinal);
        Assert.Contains("StackBytes is 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Completed_allocates_nothing_once_warm()
    {
        MethodRecorder method = _recorder.Plugin("p", PluginTier.Process).Method("M.Do");
        method.Completed(1, 1, 1);
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            // The least: moving to another core allocates that core group's counts once.
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                method.InFlight(began: true);
                method.Completed(i, 1, 1);
                method.InFlight(began: false);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    public void Dispose() => _recorder.Dispose();

    private static Task OnThreads(int count, Action body) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Factory.StartNew(body, TaskCreationOptions.LongRunning)));
}

using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Recording;
using PluginHost.Telemetry.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Recording;

/// <summary>Coalescing and the rate cap, through the recorder and a virtual clock.</summary>
public sealed class FaultLogTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly ListLogger _logger = new();
    private readonly List<FaultRecord> _told = [];
    private readonly Recorder _recorder;

    public FaultLogTests()
    {
        _recorder = new Recorder(new RecorderOptions { FaultEntriesPerMinute = 3, RecentFaults = 4 }, _clock, _logger);
        _recorder.Subscribe(told => _told.Add(((FaultEvent)told).Fault));
    }

    [Fact]
    public void Equal_faults_within_the_window_are_one_entry_told_at_once_and_the_rest_at_its_end()
    {
        for (int i = 0; i < 100; i++)
        {
            _recorder.Fault(Faults.Of("p", $"number {i}"));
        }

        Assert.Equal(1, Assert.Single(_told).Count);
        Assert.Equal((100, "number 0"), Assert.Single(_recorder.Faults()) is { } entry ? (entry.Count, entry.Message) : default);

        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal([1, 99], _told.Select(fault => fault.Count));
        Assert.Equal(100, _recorder.Snapshot().Plugins[0].FaultsByKind[FaultKind.Exception]);
    }

    [Fact]
    public void After_the_window_an_equal_fault_has_an_entry_of_its_own()
    {
        _recorder.Fault(Faults.Of("p"));
        _clock.Advance(TimeSpan.FromSeconds(10));
        _recorder.Fault(Faults.Of("p"));

        Assert.Equal([1, 1], _recorder.Faults().Select(fault => fault.Count));
    }

    [Fact]
    public void A_window_that_nobody_closed_is_closed_by_the_next_fault()
    {
        FaultLog log = new(new RecorderOptions());
        DateTimeOffset start = _clock.GetUtcNow();
        log.Add(Faults.Of("p"), start, out _);
        log.Add(Faults.Of("p"), start, out _);

        log.Add(Faults.Of("q"), start.AddSeconds(11), out IReadOnlyList<FaultRecord> ended);

        Assert.Equal(("p", 1), Assert.Single(ended) is { } rest ? (rest.PluginId, rest.Count) : default);
        Assert.False(log.HasPending);
    }

    [Fact]
    public void Plugin_method_kind_and_type_keep_faults_apart()
    {
        FaultRecord[] different =
        [
            Faults.Of("p"),
            Faults.Of("q"),
            Faults.Of("p", method: "Other.Method"),
            Faults.Of("p", kind: FaultKind.Timeout),
        ];

        Array.ForEach(different, fault => _recorder.Fault(fault));

        Assert.Equal(different.Length, _told.Count);
    }

    [Fact]
    public void Entries_past_the_cap_are_dropped_and_counted_until_the_minute_is_over()
    {
        for (int i = 0; i < 10; i++)
        {
            _recorder.Fault(Faults.Of("p", method: $"M{i}"));
        }

        _recorder.Fault(Faults.Of("q"));
        Assert.Equal(["M0", "M1", "M2", "Faulty.Throw"], _told.Select(fault => fault.Method));
        Assert.Equal((10, 7), _recorder.Snapshot().Plugins[0] is { } stats ? (stats.Faults, stats.FaultsDropped) : default);
        Assert.Single(_logger.Events, entry => entry.Id.Id == 10001);

        _clock.Advance(TimeSpan.FromMinutes(1));
        _recorder.Fault(Faults.Of("p", method: "M11"));

        Assert.Equal("M11", _told[^1].Method);
    }

    [Fact]
    public void A_fault_gets_the_id_of_the_entry_that_it_is_counted_in()
    {
        string? first = _recorder.Fault(Faults.Of("p"));
        string? second = _recorder.Fault(Faults.Of("p"));
        string? other = _recorder.Fault(Faults.Of("q"));
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.NotNull(first);
        Assert.Equal(first, second);
        Assert.NotEqual(first, other);
        Assert.Equal([first, other, first], _told.Select(fault => fault.Id));
        Assert.Equal([first, other], _recorder.Faults().Select(fault => fault.Id));
    }

    [Fact]
    public void A_fault_that_calls_refer_to_already_is_an_entry_of_its_own_past_every_cap()
    {
        for (int i = 0; i < 10; i++)
        {
            _recorder.Fault(Faults.Of("p", method: $"M{i}"));
        }

        string? death = _recorder.Fault(Faults.Of("p", kind: FaultKind.Signal, method: null) with { Id = "one" });
        string? next = _recorder.Fault(Faults.Of("p", kind: FaultKind.Signal, method: null) with { Id = "two" });

        Assert.Equal(("one", "two"), (death, next));
        Assert.Equal(["one", "two"], _told.TakeLast(2).Select(fault => fault.Id));
        Assert.All(_told.TakeLast(2), fault => Assert.Equal(1, fault.Count));
    }

    [Fact]
    public void A_dropped_fault_has_no_id()
    {
        for (int i = 0; i < 3; i++)
        {
            _recorder.Fault(Faults.Of("p", method: $"M{i}"));
        }

        Assert.Null(_recorder.Fault(Faults.Of("p", method: "M3")));
    }

    [Fact]
    public void Only_the_last_entries_stay()
    {
        for (int i = 0; i < 6; i++)
        {
            _recorder.Fault(Faults.Of($"p{i}"));
        }

        Assert.Equal(["p2", "p3", "p4", "p5"], _recorder.Faults().Select(fault => fault.PluginId));
        Assert.Equal("p4", Assert.Single(_recorder.Faults("p4")).PluginId);
    }

    [Fact]
    public void Disposing_tells_what_is_still_coalesced()
    {
        _recorder.Fault(Faults.Of("p"));
        _recorder.Fault(Faults.Of("p"));

        _recorder.Dispose();
        _recorder.Dispose();

        Assert.Equal([1, 1], _told.Select(fault => fault.Count));
    }

    [Fact]
    public async Task No_fault_is_lost_among_threads()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < 1000; i++)
                {
                    _recorder.Plugin("p", PluginTier.Process).Fault(Faults.Of("p"));
                }
            },
            TaskCreationOptions.LongRunning)));

        _recorder.Flush();

        Assert.Equal(8000, _told.Sum(fault => fault.Count));
        Assert.Equal(8000, Assert.Single(_recorder.Snapshot().Plugins[0].Methods).Faults);
    }

    [Fact]
    public void Texts_are_bounded_and_escaped_before_anyone_sees_them()
    {
        _recorder.Fault(Faults.Of("p", "red \u001b[31m\nline") with
        {
            RemoteStack = new string('s', 100_000),
            StderrTail = new string('x', 100_000) + "the end",
        });

        FaultRecord told = Assert.Single(_told);
        Assert.Equal(@"red \u001b[31m\nline", told.Message);
        Assert.Equal(16 * 1024, System.Text.Encoding.UTF8.GetByteCount(told.RemoteStack!));
        Assert.Equal(8 * 1024, System.Text.Encoding.UTF8.GetByteCount(told.StderrTail!));
        Assert.EndsWith("the end", told.StderrTail, StringComparison.Ordinal);
    }

    public void Dispose() => _recorder.Dispose();
}

using PluginHost.Telemetry.Recording;
using PluginHost.Telemetry.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Recording;

/// <summary>Events read one after the other.</summary>
public sealed class EventSequenceTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Recorder _recorder;
    private readonly EventSequence _events;

    public EventSequenceTests()
    {
        _recorder = new Recorder(new RecorderOptions(), _clock, new ListLogger());
        _events = new EventSequence(_recorder, _clock, _ended.Token);
    }

    [Fact]
    public async Task Every_reader_gets_what_happens_from_its_beginning_on()
    {
        await using IAsyncEnumerator<PluginEvent> early = _events.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Tell(1);
        await using IAsyncEnumerator<PluginEvent> late = _events.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Tell(2);
        await _ended.CancelAsync();

        Assert.Equal([1, 2], await GenerationsAsync(early));
        Assert.Equal([2], await GenerationsAsync(late));
    }

    [Fact]
    public async Task A_reader_that_is_too_slow_loses_the_oldest_and_is_told_how_many()
    {
        await using IAsyncEnumerator<PluginEvent> slow = _events.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (int i = 1; i <= EventSequence.Kept + 7; i++)
        {
            Tell(i);
        }

        Assert.True(await slow.MoveNextAsync());
        Assert.Equal(7, Assert.IsType<EventsMissed>(slow.Current).Count);
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal(8, Assert.IsType<LifecycleEvent>(slow.Current).Generation);
    }

    [Fact]
    public async Task A_wait_for_the_next_event_ends_with_its_token()
    {
        using CancellationTokenSource enough = new();
        await using IAsyncEnumerator<PluginEvent> reader = _events.GetAsyncEnumerator(enough.Token);
        ValueTask<bool> next = reader.MoveNextAsync();

        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    public void Dispose()
    {
        _recorder.Dispose();
        _ended.Dispose();
    }

    private void Tell(int generation) => _recorder.Lifecycle("p", null, "ready", generation, null);

    private static async Task<List<int>> GenerationsAsync(IAsyncEnumerator<PluginEvent> reader)
    {
        List<int> read = [];
        while (await reader.MoveNextAsync())
        {
            read.Add(((LifecycleEvent)reader.Current).Generation);
        }

        return read;
    }
}

using System.Diagnostics;
using System.Diagnostics.Tracing;

namespace PluginHost.Runtime.Tests.Support;

/// <summary>Counts collections of this process that somebody asked for, as the runtime itself tells of them.</summary>
internal sealed class InducedCollections : EventListener
{
    private const string Runtime = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords Collections = (EventKeywords)1;

    // Induced, and induced: not forced, for low memory, compacting, aggressive.
    private static readonly uint[] s_induced = [1, 7, 9, 10, 18];
    private int _count;

    /// <summary>How many there were. Makes one of its own, for the runtime tells of them in their order and late.</summary>
    public async Task<int> CountAsync()
    {
        int before = Volatile.Read(ref _count);
        long began = Stopwatch.GetTimestamp();
        int last = -1;
        GC.Collect();

        // The own one has come when the count has grown, and stands still.
        while (Volatile.Read(ref _count) is var now && (now == before || now != last))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "The runtime tells of no collection.");
            last = now;
            await Task.Delay(300);
        }

        return Volatile.Read(ref _count) - 1;
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Runtime)
        {
            EnableEvents(eventSource, EventLevel.Informational, Collections);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName is { } name && name.StartsWith("GCStart", StringComparison.Ordinal) && s_induced.Contains((uint)eventData.Payload![2]!))
        {
            Interlocked.Increment(ref _count);
        }
    }
}

using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The slots in which a plugin's own stages in-process are counted, so that a host that dies in one of them knows in whose: each generation has its own
/// from its start until it has ended and no thread is in them. Used by the supervisor's loop alone.
/// </summary>
internal sealed class StageSlots(string pluginId, FlightRecorder? flight)
{
    private const string StartName = "(start)";
    private const string StopName = "(stop)";
    private const int Count = 2;
    private readonly Dictionary<int, int> _held = [];
    private readonly List<int> _ended = [];

    /// <summary>A generation's slots, named for it.</summary>
    /// <exception cref="InvalidOperationException">The process has no more slots; the message says what to do.</exception>
    public StageMarks Of(int generation)
    {
        int free = _ended.FindIndex(IsEmpty);
        int first = free < 0 ? ThreadBlocks.Reserve(Count) : _ended[free];
        if (free >= 0)
        {
            _ended.RemoveAt(free);
        }

        _held.Add(generation, first);
        flight?.Name(first, pluginId, StartName, generation);
        flight?.Name(first + 1, pluginId, StopName, generation);
        return new StageMarks(first, first + 1);
    }

    /// <summary>Says that a generation has ended: its slots are another's once no thread is in them. One that has none is of no account.</summary>
    public void End(int generation)
    {
        if (_held.Remove(generation, out int first))
        {
            _ended.Add(first);
        }
    }

    /// <summary>Gives them back, but for those that a thread is in: that one never came out, and counts on. Idempotent.</summary>
    public void Release()
    {
        foreach (int first in _ended.Concat(_held.Values).Where(IsEmpty))
        {
            flight?.Unname(first, Count);
            ThreadBlocks.Release(first, Count);
        }

        _ended.Clear();
        _held.Clear();
    }

    private static bool IsEmpty(int first) => ThreadBlocks.Sum(first).InFlight == 0 && ThreadBlocks.Sum(first + 1).InFlight == 0;
}

using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// The slots in which a plugin's own stages in-process are counted, so that a host that dies in one of them knows in whose: reserved at its first
/// start in-process. Used by the supervisor's loop alone.
/// </summary>
internal sealed class StageSlots(string pluginId, FlightRecorder? flight)
{
    private const string StartName = "(start)";
    private const string StopName = "(stop)";
    private const int Stages = 2;

    // A generation may still be stopping while the next one starts: each has slots of its own.
    private const int Count = 2 * Stages;
    private int _first = -1;

    /// <summary>The slots, named for a generation.</summary>
    public StageMarks Of(int generation)
    {
        if (_first < 0)
        {
            _first = ThreadBlocks.Reserve(Count);
        }

        int first = _first + (generation % 2 * Stages);
        flight?.Name(first, pluginId, StartName, generation);
        flight?.Name(first + 1, pluginId, StopName, generation);
        return new StageMarks(first, first + 1);
    }

    /// <summary>Gives them back; no thread may be in them. Idempotent.</summary>
    public void Release()
    {
        if (_first >= 0)
        {
            flight?.Unname(_first, Count);
            ThreadBlocks.Release(_first, Count);
            _first = -1;
        }
    }
}

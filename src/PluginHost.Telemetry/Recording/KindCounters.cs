using PluginHost.Contracts.Faults;

namespace PluginHost.Telemetry.Recording;

/// <summary>Counts faults by kind. Thread-safe, lock-free.</summary>
internal sealed class KindCounters
{
    private static readonly FaultKind[] s_kinds = Enum.GetValues<FaultKind>();
    private readonly long[] _counts = new long[s_kinds.Length];

    /// <summary>Adds faults of a kind.</summary>
    public void Add(FaultKind kind, long count) => Interlocked.Add(ref _counts[(int)kind], count);

    /// <summary>The kinds that occurred, with their counts.</summary>
    public IReadOnlyDictionary<FaultKind, long> Read()
    {
        Dictionary<FaultKind, long> counts = [];
        foreach (FaultKind kind in s_kinds)
        {
            if (Volatile.Read(ref _counts[(int)kind]) is > 0 and long count)
            {
                counts.Add(kind, count);
            }
        }

        return counts;
    }
}

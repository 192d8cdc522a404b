using System.Collections;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime;

/// <summary>One running generation and what belongs to it. Changed by the supervisor's loop only.</summary>
/// <param name="Number">The generation.</param>
/// <param name="Plugin">The plugin as it is in this generation.</param>
/// <param name="Instance">What runs.</param>
/// <param name="Leases">What it and the application share in-process.</param>
/// <param name="Doors">By which guards its calls come in in-process; none out of process.</param>
internal sealed record LiveGeneration(int Number, SupervisedPlugin Plugin, IPluginInstance Instance, GenerationLeases Leases, GenerationDoors Doors);

/// <summary>The sets of guards of one generation in-process, and their guards as one list that is always as it is now. Thread-safe to read.</summary>
internal sealed class GenerationDoors : IReadOnlyList<Guard>
{
    private IReadOnlyList<GuardSet> _sets = [];
    private IReadOnlyList<Guard> _guards = [];

    /// <summary>The sets.</summary>
    public IReadOnlyList<GuardSet> Sets => Volatile.Read(ref _sets);

    /// <inheritdoc/>
    public int Count => Volatile.Read(ref _guards).Count;

    /// <summary>Calls that have come in for the generation.</summary>
    public long Taken => Sets.Sum(s => s.Taken);

    /// <inheritdoc/>
    public Guard this[int index] => Volatile.Read(ref _guards)[index];

    /// <summary>Adds a set.</summary>
    public void Add(GuardSet set)
    {
        Volatile.Write(ref _sets, [.. _sets, set]);
        Volatile.Write(ref _guards, [.. _guards, .. set.Guards]);
    }

    /// <inheritdoc/>
    public IEnumerator<Guard> GetEnumerator() => Volatile.Read(ref _guards).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

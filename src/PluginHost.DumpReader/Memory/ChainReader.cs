using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>Makes chains with names out of crossings. Not thread-safe.</summary>
internal sealed class ChainReader(ProcessDump dump, HeapWalk walk, IReadOnlyList<HeldContext> contexts)
{
    /// <summary>The static fields of the dump.</summary>
    public StaticFields Statics { get; } = new(dump);

    /// <summary>The chain that a crossing ends.</summary>
    public Chain Read(Crossing crossing)
    {
        ClrObject to = dump.Heap.GetObject(crossing.To);
        bool isContext = crossing.To == contexts[crossing.Context].Context;
        if (crossing.From == 0)
        {
            return new Chain(new Root(crossing.Root.Kind, crossing.Root.Name), [], PluginEnds.Name(dump, default, to, isContext));
        }

        ClrObject from = dump.Heap.GetObject(crossing.From);
        (FoundRoot found, IReadOnlyList<ulong> objects) = walk.WayTo(crossing.From);
        ClrObject[] way = [.. objects.Select(dump.Heap.GetObject)];
        Root root = new(found.Kind, found.Name);
        int first = 0;

        // The runtime's own array of static fields is no step of anybody's: the field is the root.
        if (way[0].IsArray && Statics.Find(way[0], way.Length > 1 ? way[1].Address : crossing.To) is { } field)
        {
            root = new Root(RootKind.Static, field);
            first = 1;
        }

        List<Step> steps = [];
        for (int i = first; i < way.Length; i++)
        {
            ulong next = i + 1 < way.Length ? way[i + 1].Address : crossing.To;
            steps.Add(new Step(SourceNames.OfType(way[i].Type?.Name ?? ""), FieldTo(way[i], next)));
        }

        return new Chain(root, steps, PluginEnds.Name(dump, from, to, isContext));
    }

    private static string? FieldTo(ClrObject from, ulong to)
    {
        // An element has no name, and there may be millions.
        if (from.IsArray)
        {
            return null;
        }

        foreach (ClrReference reference in from.EnumerateReferencesWithFields(carefully: false, considerDependantHandles: true))
        {
            if (reference.Object.Address == to && reference.IsField && reference.Field?.Name is { } name)
            {
                return FieldNames.Written(name);
            }
        }

        return null;
    }
}

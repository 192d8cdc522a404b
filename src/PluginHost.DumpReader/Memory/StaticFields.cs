using System.Runtime.InteropServices;
using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>Names static fields: the runtime keeps their values in arrays that have no names. Read when they are first asked for. Not thread-safe.</summary>
internal sealed class StaticFields(ProcessDump dump)
{
    // An object's fields begin behind its type.
    private static readonly ulong s_header = (ulong)nint.Size;
    private Dictionary<ulong, List<Slot>>? _slots;

    /// <summary>The static field that an array of the runtime's holds an object for; null where none is known.</summary>
    /// <param name="array">The array.</param>
    /// <param name="value">The object.</param>
    public string? Find(ClrObject array, ulong value)
    {
        _slots ??= Read();
        if (!_slots.TryGetValue(value, out List<Slot>? slots))
        {
            return null;
        }

        ulong end = array.Address + array.Size;
        Slot? found = slots.Where(s => s.Address > array.Address && s.Address < end).Cast<Slot?>().FirstOrDefault();
        return found?.Name;
    }

    /// <summary>What each thread has in fields of its own: the runtime keeps these in no handle.</summary>
    public IEnumerable<FoundRoot> OfThreads()
    {
        ClrThread[] threads = [.. dump.Runtime.Threads.Where(t => t.IsAlive)];
        foreach (ClrType type in Types())
        {
            foreach (ClrThreadStaticField field in type.ThreadStaticFields.Where(f => f.IsObjectReference))
            {
                foreach (ClrThread thread in threads)
                {
                    if (dump.Pointer(field.GetAddress(thread)) is > 0 and ulong value)
                    {
                        yield return new FoundRoot(RootKind.ThreadStatic, value, Name(type, field));
                    }
                }
            }
        }
    }

    private static string Name(ClrType type, ClrField field) => $"{SourceNames.OfType(type.Name ?? "")}.{FieldNames.Written(field.Name ?? "")}";

    private Dictionary<ulong, List<Slot>> Read()
    {
        Dictionary<ulong, List<Slot>> slots = [];
        if (dump.Runtime.AppDomains.FirstOrDefault() is not { } domain)
        {
            return slots;
        }

        foreach (ClrType type in Types())
        {
            foreach (ClrStaticField field in type.StaticFields)
            {
                ulong address = field.GetAddress(domain);

                // A value type lies boxed in the heap, and the array refers to the box.
                ulong value = address == 0 ? 0 : field.IsObjectReference ? dump.Pointer(address) : field.IsValueType ? address - s_header : 0;
                if (value != 0)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(slots, value, out _) ??= [];
                    slots[value].Add(new Slot(address, Name(type, field)));
                }
            }
        }

        return slots;
    }

    private IEnumerable<ClrType> Types()
    {
        foreach (ClrModule module in dump.Runtime.EnumerateModules())
        {
            foreach ((ulong table, _) in module.EnumerateTypeDefToMethodTableMap())
            {
                if (dump.Runtime.GetTypeByMethodTable(table) is { IsCollectible: false } type)
                {
                    yield return type;
                }
            }
        }
    }

    private readonly record struct Slot(ulong Address, string Name);
}

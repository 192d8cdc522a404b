using System.Runtime.InteropServices;
using Microsoft.Diagnostics.Runtime;

namespace PluginHost.DumpReader.Memory;

/// <summary>A place where the application's objects end and a plugin's begin.</summary>
/// <param name="Context">The number of the context.</param>
/// <param name="From">The application's object; 0 where a root holds the plugin's itself.</param>
/// <param name="To">The plugin's object.</param>
/// <param name="Root">The root, where <paramref name="From"/> is 0.</param>
internal readonly record struct Crossing(int Context, ulong From, ulong To, FoundRoot Root);

/// <summary>
/// Walks the application's objects from roots, shortest ways first, each object once, and stops where a plugin's begin. So what a plugin's own objects refer to
/// is never walked, and what holds the plugin is found and not only the first: of many objects of one type some are told. Not thread-safe.
/// </summary>
internal sealed class HeapWalk
{
    private const int LookEvery = 4096;
    private const int MostLetters = 64;
    private const int MostOfSort = 32;
    private const int MostOfContext = 256;
    private readonly ProcessDump _dump;
    private readonly Func<bool> _isOver;
    private readonly Dictionary<ulong, int> _allocators = [];
    private readonly Dictionary<ulong, int> _contexts = [];
    private readonly Dictionary<ulong, ulong> _parents = [];
    private readonly Dictionary<ulong, FoundRoot> _roots = [];
    private readonly Dictionary<ulong, int> _owners = [];
    private readonly Dictionary<int, string> _threadNames = [];
    private readonly Dictionary<(int Context, ulong Sort), int> _ofSort = [];
    private readonly Dictionary<int, int> _ofContext = [];

    /// <param name="dump">The dump.</param>
    /// <param name="contexts">The contexts asked about.</param>
    /// <param name="isOver">True once the time is over; the walk then ends early.</param>
    public HeapWalk(ProcessDump dump, IReadOnlyList<HeldContext> contexts, Func<bool> isOver)
    {
        _dump = dump;
        _isOver = isOver;
        for (int i = 0; i < contexts.Count; i++)
        {
            _allocators.TryAdd(contexts[i].Allocator, i);
            _contexts.TryAdd(contexts[i].Context, i);
        }

        _allocators.Remove(0);
        _contexts.Remove(0);
    }

    /// <summary>True where the time was over before everything had been seen.</summary>
    public bool WasCut { get; private set; }

    /// <summary>The names of the threads that were seen and have one, by their number in the process.</summary>
    public IReadOnlyDictionary<int, string> ThreadNames => _threadNames;

    /// <summary>Walks on from more roots; what was seen before is not seen again.</summary>
    public List<Crossing> From(IEnumerable<FoundRoot> roots)
    {
        List<Crossing> found = [];
        Queue<ulong> open = new();
        foreach (FoundRoot root in roots)
        {
            if (OwnerOf(root.Object) is >= 0 and int owner)
            {
                Add(found, new Crossing(owner, 0, root.Object, root), 0);
            }
            else if (_parents.TryAdd(root.Object, 0))
            {
                _roots.Add(root.Object, root);
                open.Enqueue(root.Object);
            }
        }

        for (int count = 0; open.TryDequeue(out ulong address); count++)
        {
            if (count % LookEvery == 0 && _isOver())
            {
                WasCut = true;
                return found;
            }

            Expand(address, open, found);
        }

        return found;
    }

    /// <summary>The way to an object that was seen: its root and the objects from there, itself the last.</summary>
    public (FoundRoot Root, IReadOnlyList<ulong> Objects) WayTo(ulong address)
    {
        List<ulong> way = [];
        for (ulong at = address; at != 0; at = _parents[at])
        {
            way.Add(at);
        }

        way.Reverse();
        return (_roots[way[0]], way);
    }

    /// <summary>The number of the context that a type was loaded into; -1 for all others.</summary>
    public int OwnerOf(ClrType type)
    {
        if (!type.IsCollectible)
        {
            return -1;
        }

        if (!_owners.TryGetValue(type.MethodTable, out int owner))
        {
            owner = _allocators.GetValueOrDefault(_dump.Pointer(type.LoaderAllocatorHandle), -1);
            _owners.Add(type.MethodTable, owner);
        }

        return owner;
    }

    private void Expand(ulong address, Queue<ulong> open, List<Crossing> found)
    {
        if (_dump.Heap.GetObjectType(address) is not { ContainsPointers: true } type)
        {
            return;
        }

        ClrObject current = _dump.Heap.GetObject(address, type);
        if (type.Name == "System.Threading.Thread" && current.TryReadField("_managedThreadId", out int number) && current.TryReadStringField("_name", MostLetters, out string? name))
        {
            _threadNames.TryAdd(number, name ?? "");
        }

        // An array that a root holds may be the runtime's, with a static field in each place; any other is a collection.
        bool isCollection = type.IsArray && _parents[address] != 0;
        HashSet<int> told = [];
        foreach (ulong next in current.EnumerateReferenceAddresses(carefully: false, considerDependantHandles: true))
        {
            int owner = OwnerOf(next);
            bool isContext = _contexts.TryGetValue(next, out int context);
            if ((owner >= 0 || isContext) && (!isCollection || told.Add(owner)))
            {
                Add(found, new Crossing(isContext ? context : owner, address, next, default), isCollection || !type.IsArray ? type.MethodTable : address);
            }

            // The context's own object is the application's: what it holds may lead on.
            if (owner < 0 && _parents.TryAdd(next, address))
            {
                open.Enqueue(next);
            }
        }
    }

    // A million objects of one type that hold the plugin are one holder to a person.
    private void Add(List<Crossing> found, Crossing crossing, ulong sort)
    {
        ref int ofSort = ref CollectionsMarshal.GetValueRefOrAddDefault(_ofSort, (crossing.Context, sort), out _);
        ref int ofContext = ref CollectionsMarshal.GetValueRefOrAddDefault(_ofContext, crossing.Context, out _);
        if (ofSort < MostOfSort && ofContext < MostOfContext)
        {
            ofSort++;
            ofContext++;
            found.Add(crossing);
        }
    }

    private int OwnerOf(ulong address)
    {
        if (_dump.Heap.GetObjectType(address) is not { } type)
        {
            return -1;
        }

        int owner = OwnerOf(type);
        return owner >= 0 ? owner : _allocators.GetValueOrDefault(address, -1);
    }
}

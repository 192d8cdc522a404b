using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Connection;

/// <summary>A wire name that was found.</summary>
/// <param name="Dispatcher">Whose it is.</param>
/// <param name="Method">Its index there.</param>
/// <param name="Pace">How quick its handlers are; null where that is not remembered.</param>
internal readonly record struct FoundMethod(Dispatcher Dispatcher, int Method, MethodPace? Pace);

/// <summary>Finds the dispatcher of a wire name. Found names are remembered and compared as bytes. Used by one thread at a time.</summary>
internal sealed class MethodLookup
{
    private const int Entries = 256;
    private readonly Entry?[] _known = new Entry?[Entries];

    /// <summary>Finds a method.</summary>
    /// <param name="targets">The dispatchers, first to last.</param>
    /// <param name="utf8Name">The name.</param>
    /// <param name="found">The method.</param>
    public bool TryFind(Dispatcher[] targets, ReadOnlySpan<byte> utf8Name, out FoundMethod found)
    {
        ref Entry? known = ref _known[Place(utf8Name)];
        if (known is not null && utf8Name.SequenceEqual(known.Name))
        {
            found = known.Method;
            return true;
        }

        foreach (Dispatcher target in targets)
        {
            int method = target.Find(utf8Name);
            if (method >= 0)
            {
                // The first to come keeps its place: a peer that alternates between two names must not make this allocate for ever.
                found = new FoundMethod(target, method, known is null ? new MethodPace() : null);
                known ??= new Entry(utf8Name.ToArray(), found);
                return true;
            }
        }

        found = default;
        return false;
    }

    private static int Place(ReadOnlySpan<byte> name)
    {
        uint hash = (uint)name.Length;
        foreach (byte value in name)
        {
            hash = (hash * 31) + value;
        }

        return (int)(hash % Entries);
    }

    private sealed record Entry(byte[] Name, FoundMethod Method);
}

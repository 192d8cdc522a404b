using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Connection;

/// <summary>Finds the dispatcher of a wire name. Found names are remembered and compared as bytes. Used by the reader thread alone.</summary>
internal sealed class MethodLookup
{
    private const int Entries = 256;
    private readonly Entry?[] _known = new Entry?[Entries];

    /// <summary>Finds a method.</summary>
    /// <param name="targets">The dispatchers, first to last.</param>
    /// <param name="utf8Name">The name.</param>
    /// <param name="method">Its index.</param>
    /// <returns>The dispatcher, or null.</returns>
    public Dispatcher? Find(Dispatcher[] targets, ReadOnlySpan<byte> utf8Name, out int method)
    {
        ref Entry? known = ref _known[Place(utf8Name)];
        if (known is not null && utf8Name.SequenceEqual(known.Name))
        {
            method = known.Method;
            return known.Dispatcher;
        }

        foreach (Dispatcher target in targets)
        {
            method = target.Find(utf8Name);
            if (method >= 0)
            {
                // The first to come keeps its place: a peer that alternates between two names must not make this allocate for ever.
                known ??= new Entry(utf8Name.ToArray(), target, method);
                return target;
            }
        }

        method = -1;
        return null;
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

    private sealed record Entry(byte[] Name, Dispatcher Dispatcher, int Method);
}

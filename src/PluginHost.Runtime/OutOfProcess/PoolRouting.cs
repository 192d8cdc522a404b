using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Which worker of a pool a call goes to. Pure but for what the gates say of themselves at that moment.</summary>
internal static class PoolRouting
{
    /// <summary>No worker.</summary>
    public const int None = -1;

    /// <summary>The worker with the fewest calls inside that has room; the first of several, so that a pool with little to do keeps few workers awake.</summary>
    /// <param name="gates">The workers' gates by number; null where none runs. All of one size.</param>
    /// <param name="room">The room that was seen, for <see cref="CallGate.TryEnterAt"/>; 0 where there is none.</param>
    /// <returns>Its number, or <see cref="None"/>.</returns>
    public static int Least(ReadOnlySpan<CallGate?> gates, out int room)
    {
        int least = None;
        room = 0;
        for (int number = 0; number < gates.Length; number++)
        {
            if (gates[number] is { } gate && gate.Room is var free && free > room)
            {
                least = number;
                room = free;
                if (free == gate.Concurrency)
                {
                    break;
                }
            }
        }

        return least;
    }

    /// <summary>
    /// The home of a key: the place with the highest weight for it (rendezvous hashing). A place that is taken away moves its own keys only, and gets
    /// the same keys back.
    /// </summary>
    /// <param name="key">The key's number.</param>
    /// <param name="homes">The numbers of the places that may have keys.</param>
    /// <returns>The place's number, or <see cref="None"/> where there are none.</returns>
    public static int Home(ulong key, ReadOnlySpan<int> homes)
    {
        int home = None;
        ulong most = 0;
        foreach (int number in homes)
        {
            ulong weight = PartitionHash.Mix(key ^ PartitionHash.Of(number));
            if (home == None || weight > most)
            {
                home = number;
                most = weight;
            }
        }

        return home;
    }
}

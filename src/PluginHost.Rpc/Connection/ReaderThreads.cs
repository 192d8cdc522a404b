namespace PluginHost.Rpc.Connection;

/// <summary>Counts the process's reading threads, so that only so many connections have one of their own. Thread-safe.</summary>
internal static class ReaderThreads
{
    /// <summary>How many connections may have one.</summary>
    public const int Most = 32;

    private static int s_taken;

    /// <summary>Takes one; follow with <see cref="Return"/> at the connection's end.</summary>
    public static bool TryTake()
    {
        if (Interlocked.Increment(ref s_taken) <= Most)
        {
            return true;
        }

        Interlocked.Decrement(ref s_taken);
        return false;
    }

    /// <summary>Gives one back.</summary>
    public static void Return() => Interlocked.Decrement(ref s_taken);
}

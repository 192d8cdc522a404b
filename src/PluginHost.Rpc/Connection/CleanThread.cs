namespace PluginHost.Rpc.Connection;

/// <summary>Takes from a thread what a handler left on it, as the thread pool does between two work items.</summary>
internal static class CleanThread
{
    /// <summary>The context of a thread on which nothing was set.</summary>
    private static readonly ExecutionContext? s_empty = CaptureEmpty();

    /// <summary>Restores the calling thread, which is none of the pool's.</summary>
    public static void Restore()
    {
        if (!ReferenceEquals(ExecutionContext.Capture(), s_empty) && s_empty is not null)
        {
            ExecutionContext.Restore(s_empty);
        }

        if (SynchronizationContext.Current is not null)
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private static ExecutionContext? CaptureEmpty()
    {
        ExecutionContext? empty = null;
        Thread fresh = new(() => empty = ExecutionContext.Capture()) { IsBackground = true };
        fresh.UnsafeStart();
        fresh.Join();
        return empty;
    }
}

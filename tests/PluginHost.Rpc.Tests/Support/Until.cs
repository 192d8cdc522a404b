namespace PluginHost.Rpc.Tests.Support;

/// <summary>Waits for something that no event announces; fails a test that would otherwise hang.</summary>
internal static class Until
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static async Task True(Func<bool> condition)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            CheckPatience(started);
            await Task.Yield();
        }
    }

    public static Task<T> Ends<T>(Task<T> task) => task.WaitAsync(s_patience);

    public static Task Ends(Task task) => task.WaitAsync(s_patience);

    private static void CheckPatience(long started)
    {
        if (TimeProvider.System.GetElapsedTime(started) > s_patience)
        {
            throw new TimeoutException("What the test waits for did not happen.");
        }
    }
}

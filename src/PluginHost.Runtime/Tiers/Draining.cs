namespace PluginHost.Runtime.Tiers;

/// <summary>Waits until what was counted has gone.</summary>
internal static class Draining
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits.</summary>
    /// <param name="left">How many calls, or whatever else is waited for, are there now.</param>
    /// <param name="drain">The longest wait.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were still there when the time, or the token, ended the wait; 0 where all had gone.</returns>
    public static async Task<int> WaitAsync(Func<int> left, TimeSpan drain, TimeProvider clock, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        TimeSpan delay = s_shortest;
        while (left() is > 0 and var count)
        {
            TimeSpan time = drain - clock.GetElapsedTime(started);
            if (time <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
            {
                return count;
            }

            await Task.Delay(delay < time ? delay : time, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay < s_longest ? delay * 2 : s_longest;
        }

        return 0;
    }
}

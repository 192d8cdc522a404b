using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.InProcess;

/// <summary>Waits until the calls inside a plugin have come back. The guards' targets must be cut before.</summary>
internal static class CallDrain
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(50);

    /// <summary>How many calls are inside now. Exact once no new one can enter.</summary>
    public static int InFlight(IReadOnlyList<Guard> guards)
    {
        long inside = 0;
        foreach (Guard guard in guards)
        {
            for (int method = 0; method < guard.Contract.Methods.Count; method++)
            {
                inside += ThreadBlocks.Sum(guard.FirstSlot + method).InFlight;
            }
        }

        return (int)inside;
    }

    /// <summary>Waits.</summary>
    /// <param name="inside">How many calls, or whatever else is waited for, are there now.</param>
    /// <param name="drain">The longest wait.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How many were still there when the time, or the token, ended the wait; 0 where all came back.</returns>
    public static async Task<int> WaitAsync(Func<int> inside, TimeSpan drain, TimeProvider clock, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        TimeSpan delay = s_shortest;
        while (inside() is > 0 and var count)
        {
            TimeSpan left = drain - clock.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
            {
                return count;
            }

            await Task.Delay(delay < left ? delay : left, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay < s_longest ? delay * 2 : s_longest;
        }

        return 0;
    }
}

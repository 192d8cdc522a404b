namespace PluginHost.Runtime.Resilience;

/// <summary>
/// How fast one host restarts plugins, all taken together, so that many crashes at once do not take the machine. Starts and restarts that somebody
/// asks for are not held back.
/// </summary>
public sealed record RestartRateOptions
{
    /// <summary>Restarts a second in the long run. 0.001 to 1,000. Default 5: a cold start takes about 0.1 s of a processor, so half of one.</summary>
    public double PerSecond { get; init; } = 5;

    /// <summary>Restarts that may come at once after a quiet time. 1 to 1,000. Default 10.</summary>
    public int Burst { get; init; } = 10;

    /// <summary>All problems of these options at once; empty where there are none.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (PerSecond is not (>= 0.001 and <= 1000))
        {
            problems.Add($"RestartRate.PerSecond is {PerSecond}; expected 0.001 to 1000.");
        }

        if (Burst is < 1 or > 1000)
        {
            problems.Add($"RestartRate.Burst is {Burst}; expected 1 to 1000.");
        }

        return problems;
    }
}

/// <summary>When the next restart of any plugin may come: the generic cell rate algorithm. Pure; times are of one monotonic clock.</summary>
internal static class RestartRate
{
    /// <summary>Takes the next free place.</summary>
    /// <param name="full">When the burst will be whole again, as the last call gave it; zero at first.</param>
    /// <param name="options">The rate.</param>
    /// <param name="now">The time.</param>
    /// <returns>When the restart may come, now or later, and the new <paramref name="full"/>.</returns>
    public static (TimeSpan At, TimeSpan Full) Take(TimeSpan full, RestartRateOptions options, TimeSpan now)
    {
        TimeSpan apart = TimeSpan.FromSeconds(1 / options.PerSecond);
        TimeSpan begin = full > now ? full : now;
        TimeSpan earliest = begin - (apart * (options.Burst - 1));
        return (earliest > now ? earliest : now, begin + apart);
    }
}

/// <summary>
/// One host's restarts in the order in which they were asked for. A plugin asks when its own delay is over and has one restart under way at most: one
/// that crashes all the time stands behind every other before its next. Thread-safe.
/// </summary>
internal sealed class RestartQueue(RestartRateOptions options, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly long _began = clock.GetTimestamp();
    private TimeSpan _full;

    /// <summary>Takes a place in the queue.</summary>
    /// <returns>How long to wait; zero for not at all.</returns>
    public TimeSpan Take()
    {
        lock (_lock)
        {
            // Read under the lock: a later place is never an earlier time.
            TimeSpan now = clock.GetElapsedTime(_began);
            (TimeSpan at, _full) = RestartRate.Take(_full, options, now);
            return at - now;
        }
    }
}

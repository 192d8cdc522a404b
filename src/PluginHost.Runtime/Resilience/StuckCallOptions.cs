namespace PluginHost.Runtime.Resilience;

/// <summary>
/// When a call that holds its caller's thread inside an in-process plugin is told of, and how many such threads a plugin may cost. A call is stuck when it
/// goes on, without ever having waited for anything asynchronously, past its time (<c>limits.callTimeout</c>, or the method's own). It cannot be ended: its
/// thread counts as lost until it returns. Immutable.
/// </summary>
public sealed record StuckCallOptions
{
    private const int Most = 1000;

    /// <summary>
    /// The shortest pause between two looks; a look reads the counters of in-process calls, some microseconds. The pause is a quarter of the shortest time that a
    /// call of a running plugin has, but no shorter than this and no longer than a minute. 10 ms to 1 min, or <see cref="Timeout.InfiniteTimeSpan"/> to look
    /// never. Default 1 s.
    /// </summary>
    public TimeSpan ShortestPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How many threads of the application may be lost in one generation of a plugin: with that many it is taken down as after a crash. As its calls cannot be
    /// ended it then runs in a child process, or is quarantined where the policy forbids that (<c>"demotion": false</c>). 1 to 1000, 0 for any number. Default 3.
    /// </summary>
    public int LostThreads { get; init; } = 3;

    /// <summary>All problems of these options at once; empty where there are none.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (ShortestPause != Timeout.InfiniteTimeSpan && (ShortestPause < TimeSpan.FromMilliseconds(10) || ShortestPause > TimeSpan.FromMinutes(1)))
        {
            problems.Add($"StuckCalls.{nameof(ShortestPause)} is {ShortestPause:c}; expected 00:00:00.0100000 to 00:01:00, or Timeout.InfiniteTimeSpan to look never.");
        }

        if (LostThreads is < 0 or > Most)
        {
            problems.Add($"StuckCalls.{nameof(LostThreads)} is {LostThreads}; expected 0 to {Most}, 0 for any number.");
        }

        return problems;
    }
}

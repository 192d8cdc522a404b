namespace PluginHost.Runtime.Resilience;

/// <summary>When a worker with calls pending counts as unresponsive, and when it is ended. Immutable.</summary>
public sealed record HangOptions
{
    // Longer ones could not be added to a call's own time.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(365);

    /// <summary>The time between two signs of life of a worker with calls pending, and between two looks of the host. 10 ms to 1 min. Default 2 s.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A worker that gave no sign of life for so long, or a call that goes on for so long after its time had ended and it was asked to stop, makes its
    /// plugin unresponsive: that is logged, and ends nothing. At least twice <see cref="Heartbeat"/>, or <see cref="Timeout.InfiniteTimeSpan"/> for
    /// never. At most 365 days. Default 10 s.
    /// </summary>
    public TimeSpan UnresponsiveAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// As <see cref="UnresponsiveAfter"/>, and then the worker is killed: a fault of its own kind, which the restart budget counts. At least that, or
    /// <see cref="Timeout.InfiniteTimeSpan"/> for never. At most 365 days. Default 30 s.
    /// </summary>
    public TimeSpan TerminateAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The folder that gets a minidump of a .NET worker before it is killed as hung: stacks and what they reach, some MiB, for a debugger. Made where it is
    /// not there, for this user only; each file is this user's only, and may hold what the plugin's calls held. An absolute path; null, the default,
    /// for none. The kill waits up to 10 s for it.
    /// </summary>
    public string? DumpFolder { get; init; }

    /// <summary>How many dumps <see cref="DumpFolder"/> may hold: where it does, no more are written and the log says so. 1 to 1,000. Default 10.</summary>
    public int MostDumps { get; init; } = 10;

    /// <summary>All problems of these options at once; empty where there are none.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (Heartbeat < TimeSpan.FromMilliseconds(10) || Heartbeat > TimeSpan.FromMinutes(1))
        {
            problems.Add($"Hangs.Heartbeat is {Heartbeat:c}; expected 00:00:00.0100000 to 00:01:00.");
        }

        Check(nameof(UnresponsiveAfter), UnresponsiveAfter);
        Check(nameof(TerminateAfter), TerminateAfter);
        if (UnresponsiveAfter != Timeout.InfiniteTimeSpan && UnresponsiveAfter < 2 * Heartbeat)
        {
            problems.Add($"Hangs.UnresponsiveAfter is {UnresponsiveAfter:c}; expected at least twice Hangs.Heartbeat, which is {Heartbeat:c}, or Timeout.InfiniteTimeSpan.");
        }

        if (TerminateAfter != Timeout.InfiniteTimeSpan && (TerminateAfter < 2 * Heartbeat || TerminateAfter < UnresponsiveAfter))
        {
            problems.Add(
                $"Hangs.TerminateAfter is {TerminateAfter:c}; expected at least Hangs.UnresponsiveAfter, which is {UnresponsiveAfter:c}, " +
                $"and twice Hangs.Heartbeat, which is {Heartbeat:c}, or Timeout.InfiniteTimeSpan.");
        }

        if (DumpFolder is not null && !Path.IsPathFullyQualified(DumpFolder))
        {
            problems.Add($"Hangs.DumpFolder is '{DumpFolder}'; expected an absolute path, or null for no dumps.");
        }

        if (MostDumps is < 1 or > 1000)
        {
            problems.Add($"Hangs.MostDumps is {MostDumps}; expected 1 to 1000.");
        }

        return problems;

        void Check(string name, TimeSpan time)
        {
            if (time > s_longest)
            {
                problems.Add($"Hangs.{name} is {time:c}; expected at most {s_longest:c}, or Timeout.InfiniteTimeSpan for never.");
            }
        }
    }
}

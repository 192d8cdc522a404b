namespace PluginHost.Telemetry.Recording;

/// <summary>The bounds of what a recorder keeps. Immutable.</summary>
public sealed record RecorderOptions
{
    /// <summary>How many of the last fault entries stay in memory. From 1 to 100,000; 256 unless set.</summary>
    public int RecentFaults { get; init; } = 256;

    /// <summary>How many of the last restarts stay in memory. From 1 to 100,000; 256 unless set.</summary>
    public int RecentRestarts { get; init; } = 256;

    /// <summary>How long equal faults (plugin, generation, method, kind, remote type) are counted in one entry. Above 0, at most 1 h; 10 s unless set.</summary>
    public TimeSpan CoalesceWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many fault entries a plugin gets in a minute; more are only counted. From 1 to 10,000; 60 unless set.</summary>
    public int FaultEntriesPerMinute { get; init; } = 60;

    /// <summary>How many methods of a plugin have figures of their own; more share one called <c>(other)</c>. From 1 to 10,000; 512 unless set.</summary>
    public int MethodsPerPlugin { get; init; } = 512;

    /// <summary>The longest message, type or method name kept of a fault, in UTF-8 bytes. From 64 to 65,536; 2,048 unless set.</summary>
    public int MessageBytes { get; init; } = 2 * 1024;

    /// <summary>The longest stack kept of a fault, in UTF-8 bytes. From 64 to 1,048,576; 16,384 unless set.</summary>
    public int StackBytes { get; init; } = 16 * 1024;

    /// <summary>The longest end of standard error kept of a fault, in UTF-8 bytes. From 64 to 1,048,576; 8,192 unless set.</summary>
    public int StderrBytes { get; init; } = 8 * 1024;

    /// <summary>Checks every value.</summary>
    /// <returns>All problems, one sentence each; empty where there are none.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        Range(nameof(RecentFaults), RecentFaults, 1, 100_000);
        Range(nameof(RecentRestarts), RecentRestarts, 1, 100_000);
        Range(nameof(FaultEntriesPerMinute), FaultEntriesPerMinute, 1, 10_000);
        Range(nameof(MethodsPerPlugin), MethodsPerPlugin, 1, 10_000);
        Range(nameof(MessageBytes), MessageBytes, 64, 64 * 1024);
        Range(nameof(StackBytes), StackBytes, 64, 1024 * 1024);
        Range(nameof(StderrBytes), StderrBytes, 64, 1024 * 1024);
        if (CoalesceWindow <= TimeSpan.Zero || CoalesceWindow > TimeSpan.FromHours(1))
        {
            problems.Add($"{nameof(RecorderOptions)}.{nameof(CoalesceWindow)} is {CoalesceWindow}, expected above 0 and at most 01:00:00.");
        }

        return problems;

        void Range(string name, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                problems.Add($"{nameof(RecorderOptions)}.{name} is {value}, expected {least} to {most}.");
            }
        }
    }
}

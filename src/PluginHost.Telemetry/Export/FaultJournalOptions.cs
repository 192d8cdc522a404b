namespace PluginHost.Telemetry.Export;

/// <summary>The bounds of a fault journal. Immutable.</summary>
public sealed record FaultJournalOptions
{
    /// <summary>The size in bytes at which the file becomes the previous one. The disk holds at most twice as much. From 64 KiB to 1 GiB; 4 MiB unless set.</summary>
    public long MaxBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How many entries may wait to be written; more are dropped and counted. From 1 to 100,000; 1,024 unless set.</summary>
    public int QueueLength { get; init; } = 1024;

    /// <summary>Checks every value.</summary>
    /// <returns>All problems, one sentence each; empty where there are none.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (MaxBytes is < 64 * 1024 or > 1024 * 1024 * 1024)
        {
            problems.Add($"{nameof(FaultJournalOptions)}.{nameof(MaxBytes)} is {MaxBytes}, expected 65536 to 1073741824.");
        }

        if (QueueLength is < 1 or > 100_000)
        {
            problems.Add($"{nameof(FaultJournalOptions)}.{nameof(QueueLength)} is {QueueLength}, expected 1 to 100000.");
        }

        return problems;
    }
}

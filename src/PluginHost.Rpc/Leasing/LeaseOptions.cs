namespace PluginHost.Rpc.Leasing;

/// <summary>The bounds of what outlives a message: progress, sequences, objects of contracts. Immutable.</summary>
public sealed record LeaseOptions
{
    /// <summary>How many progress tokens, and how many sequences, of this side may be alive at once. Default: 1,024 each.</summary>
    public int MaxTokens { get; init; } = 1024;

    /// <summary>How many objects of this side the peer may hold, and how many of the peer's are held here. Default: 4,096; at most 65,536.</summary>
    public int MaxObjects { get; init; } = 4096;

    /// <summary>How many progress reports of one token may wait for their receiver; past that only the latest is kept. Default: 1,024.</summary>
    public int MaxQueuedReports { get; init; } = 1024;

    /// <summary>
    /// How many progress reports of one token are sent in a second, after a first burst of <see cref="MaxQueuedReports"/>; of more only the latest
    /// is sent. Default: 10,000.
    /// </summary>
    public int MaxReportsPerSecond { get; init; } = 10_000;

    /// <summary>How many reports of the peer may be thrown away within <see cref="DroppedReportsWindow"/> before the connection closes. Default: 1,000,000.</summary>
    public int MaxDroppedReports { get; init; } = 1_000_000;

    /// <summary>The time over which thrown away reports are counted. Default: 10 s.</summary>
    public TimeSpan DroppedReportsWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many items that are there at once are sent with the sequence itself. Default: 0, and then nothing runs before the first is asked for.</summary>
    public int SequencePrefetch { get; init; }

    /// <summary>How many items must be there before a step is answered, unless the sequence ends. Default: 1.</summary>
    public int SequenceMinBatch { get; init; } = 1;

    /// <summary>How many items a sequence makes ready before a step asks for them, from the first step on; a step takes all that are. Default: 32; 0 for none.</summary>
    public int SequenceReadAhead { get; init; } = 32;

    /// <summary>A step's answer ends with the item that reaches this many bytes. Default: 64 KiB.</summary>
    public int SequenceBatchBytes { get; init; } = 64 * 1024;

    /// <summary>After how long a sequence that nobody asks is ended. Default: <see cref="Timeout.InfiniteTimeSpan"/>, never.</summary>
    public TimeSpan SequenceIdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long a step of a sequence, or a call of an object, may take whose method says nothing. Default: <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan CallTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Checks the settings.</summary>
    /// <returns>All problems; empty where there are none.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        Check(problems, nameof(MaxTokens), MaxTokens, 1, 1_000_000);
        Check(problems, nameof(MaxObjects), MaxObjects, 1, 65_536);
        Check(problems, nameof(MaxQueuedReports), MaxQueuedReports, 1, 1_000_000);
        Check(problems, nameof(MaxReportsPerSecond), MaxReportsPerSecond, 1, 100_000_000);
        Check(problems, nameof(MaxDroppedReports), MaxDroppedReports, 1, int.MaxValue);
        Check(problems, nameof(SequencePrefetch), SequencePrefetch, 0, 1024);
        Check(problems, nameof(SequenceMinBatch), SequenceMinBatch, 1, 1024);
        Check(problems, nameof(SequenceReadAhead), SequenceReadAhead, 0, 65_536);
        Check(problems, nameof(SequenceBatchBytes), SequenceBatchBytes, 1, 1024 * 1024 * 1024);
        Check(problems, nameof(DroppedReportsWindow), DroppedReportsWindow, isInfiniteValid: false);
        Check(problems, nameof(SequenceIdleTimeout), SequenceIdleTimeout, isInfiniteValid: true);
        Check(problems, nameof(CallTimeout), CallTimeout, isInfiniteValid: true);
        return problems;
    }

    // Not generic over the value: a worker checks these at its start, and generic code over primitives is compiled then.
    private static void Check(List<string> problems, string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            problems.Add($"{name} is {value}; expected {least} to {most}.");
        }
    }

    private static void Check(List<string> problems, string name, TimeSpan value, bool isInfiniteValid)
    {
        bool isValid = (isInfiniteValid && value == Timeout.InfiniteTimeSpan) || (value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromDays(1));
        if (!isValid)
        {
            problems.Add($"{name} is {value}; expected 00:00:00.001 to 1.00:00:00{(isInfiniteValid ? ", or Timeout.InfiniteTimeSpan" : "")}.");
        }
    }
}

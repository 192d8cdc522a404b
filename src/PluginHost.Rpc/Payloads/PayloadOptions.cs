namespace PluginHost.Rpc.Payloads;

/// <summary>How large values travel beside messages. Immutable.</summary>
public sealed record PayloadOptions
{
    /// <summary>Values above this many bytes travel beside the message. Default: 64 KiB; at least 4 KiB.</summary>
    public int ThresholdBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// The largest value that travels beside a message, and how much may be under way in chunks at once, in bytes. Default: 256 MiB; at most 1 GiB.
    /// </summary>
    public int MaxBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>How much of the shared memory that was used stays ready when nothing was sent for a while, in bytes. Default: 4 MiB.</summary>
    public int WarmBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>After how long without a large value the memory above <see cref="WarmBytes"/> is given back to the system. Default: 5 s.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The memory that both sides share; owned by the connection. Null: large values that do not fit a message travel in chunks.</summary>
    public PayloadMemory? Memory { get; init; }

    /// <summary>
    /// True where what the peer wrote may be used where it is: the peer could change it at any time. False where it is copied first, as for a peer
    /// that nobody trusts. Default: false.
    /// </summary>
    public bool TrustsPeer { get; init; }

    /// <summary>
    /// True where <c>Memory&lt;byte&gt;</c> arguments of the peer's calls are read where they are, until the call is answered. Only with
    /// <see cref="TrustsPeer"/>. Default: false.
    /// </summary>
    public bool ReadsArgumentsInPlace { get; init; }

    /// <summary>Checks the settings.</summary>
    /// <returns>All problems; empty where there are none.</returns>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        Check(problems, nameof(ThresholdBytes), ThresholdBytes, 4096, MaxBytes);
        Check(problems, nameof(MaxBytes), MaxBytes, 4096, 1024 * 1024 * 1024);
        Check(problems, nameof(WarmBytes), WarmBytes, 0, 1024 * 1024 * 1024);
        if (IdleAfter < TimeSpan.FromMilliseconds(1) || IdleAfter > TimeSpan.FromDays(1))
        {
            problems.Add($"{nameof(IdleAfter)} is {IdleAfter}; expected 00:00:00.0010000 to 1.00:00:00.");
        }

        return problems;
    }

    private static void Check(List<string> problems, string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            problems.Add($"{name} is {value}; expected {least} to {most}.");
        }
    }
}

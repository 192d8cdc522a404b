namespace PluginHost.Runtime;

/// <summary>How what holds a plugin is looked for. Immutable.</summary>
internal sealed record HolderOptions
{
    /// <summary>How long it may take, waiting for another search not counted. Above zero. Default 20 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How large the dump of this process may become; above it nothing is looked for. At least 1 MiB. Default 4 GiB.</summary>
    public long MostBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>The program that reads dumps; null for the one beside this assembly.</summary>
    public string? Reader { get; init; }

    /// <summary>The program that writes dumps; null for the runtime's own.</summary>
    public string? Writer { get; init; }

    /// <summary>All problems of these options; empty where they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (Patience <= TimeSpan.Zero)
        {
            problems.Add($"{nameof(Patience)} is {Patience}; expected a time above zero.");
        }

        if (MostBytes < 1024 * 1024)
        {
            problems.Add($"{nameof(MostBytes)} is {MostBytes}; expected 1 MiB or more.");
        }

        return problems;
    }
}

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// How many workers without a plugin stand ready. A plugin that starts or restarts takes one of its class (what a worker must be given when it is
/// started: tier, limits on memory and messages, granted environment), which saves it the start of a runtime. Immutable.
/// </summary>
public sealed record SpareOptions
{
    /// <summary>No spares: every start is a cold one.</summary>
    public static SpareOptions None { get; } = new() { PerClass = 0 };

    /// <summary>How many of each class. 0 to 64; 0 for none. Default 1.</summary>
    public int PerClass { get; init; } = 1;

    /// <summary>How many of all classes together, those on their way included. 0 to 1024. Default 4. Plugins of a class that finds no room start cold.</summary>
    public int Most { get; init; } = 4;

    /// <summary>
    /// How long after a plugin's start its class is filled up: calls that waited for the plugin come first. 0 to 10 min. Default 200 ms.
    /// </summary>
    public TimeSpan RefillDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>All problems of these options; empty where they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (PerClass is < 0 or > 64)
        {
            problems.Add($"Spares.{nameof(PerClass)} is {PerClass}; expected 0 to 64.");
        }

        if (Most is < 0 or > 1024)
        {
            problems.Add($"Spares.{nameof(Most)} is {Most}; expected 0 to 1024.");
        }

        if (RefillDelay < TimeSpan.Zero || RefillDelay > TimeSpan.FromMinutes(10))
        {
            problems.Add($"Spares.{nameof(RefillDelay)} is {RefillDelay:c}; expected 0 to 10 min.");
        }

        return problems;
    }
}

/// <summary>What the spares of a host did so far.</summary>
/// <param name="Ready">How many stand ready now.</param>
/// <param name="Starting">How many are on their way.</param>
/// <param name="Taken">How many became a plugin's worker.</param>
/// <param name="Missed">How many starts of a plugin found none, the first of each class included.</param>
/// <param name="Lost">How many ended by themselves before anybody took them, or did not become ready.</param>
public sealed record SpareCounts(int Ready, int Starting, long Taken, long Missed, long Lost)
{
    /// <summary>How many plugins have their next generation standing ready in a worker of its own.</summary>
    public int Hot { get; init; }

    /// <summary>Nothing happened.</summary>
    public static SpareCounts Zero { get; } = new(0, 0, 0, 0, 0);
}

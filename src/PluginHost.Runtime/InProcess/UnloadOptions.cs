namespace PluginHost.Runtime.InProcess;

/// <summary>
/// When a generation that was unloaded in-process counts as leaked although nobody forces a collection: the application's own collections prove an
/// unload, and where enough of them have not, something holds it. Immutable.
/// </summary>
public sealed record UnloadOptions
{
    private const int Most = 1000;
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    /// <summary>
    /// How many collections of the oldest generation (<c>GC.CollectionCount(2)</c>) it may outlive; a clean one goes in two or three. 1 to 1000. Default 5.
    /// </summary>
    public int Collections { get; init; } = 5;

    /// <summary>How long it may stay in any case: what its threads and timers are doing may take a moment to end. Zero to 1 day. Default 10 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// True empties what System.Text.Json remembers of types, for the whole process, before a generation that stayed counts as leaked, and gives it as many
    /// collections again: the one thing of the framework that holds most plugins. What the application serializes is looked at anew once. Default true.
    /// </summary>
    public bool ClearFrameworkCaches { get; init; } = true;

    /// <summary>All problems of these options at once; empty where there are none.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> problems = [];
        if (Collections is < 1 or > Most)
        {
            problems.Add($"Unload.{nameof(Collections)} is {Collections}; expected 1 to {Most}.");
        }

        if (Grace < TimeSpan.Zero || Grace > s_longest)
        {
            problems.Add($"Unload.{nameof(Grace)} is {Grace:c}; expected zero to {s_longest:c}.");
        }

        return problems;
    }
}

/// <summary>What follows for a generation that is not proved gone.</summary>
internal enum UnloadStep
{
    /// <summary>Look again later.</summary>
    Wait,

    /// <summary>Empty the framework's caches, and count the collections anew.</summary>
    ClearCaches,

    /// <summary>It counts as leaked.</summary>
    Leaked,
}

/// <summary>Decides when a generation that natural collections have not proved gone counts as leaked. Pure, with the counts and times passed in.</summary>
internal static class UnloadPatience
{
    /// <summary>Decides.</summary>
    /// <param name="options">The bounds.</param>
    /// <param name="collections">Collections of the oldest generation since it was unloaded, or since the caches were emptied.</param>
    /// <param name="since">Time since it was unloaded.</param>
    /// <param name="hasCleared">True where the caches were emptied for it.</param>
    public static UnloadStep Next(UnloadOptions options, int collections, TimeSpan since, bool hasCleared) =>
        collections < options.Collections || since < options.Grace ? UnloadStep.Wait
        : options.ClearFrameworkCaches && !hasCleared ? UnloadStep.ClearCaches
        : UnloadStep.Leaked;
}

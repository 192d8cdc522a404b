namespace PluginHost.Loading;

/// <summary>
/// Holds a framework that a plugin asks for against the one that a process runs on. A plugin is a library in somebody else's process: it runs on any
/// newer framework, unless it says that it must not. Pure.
/// </summary>
internal static class FrameworkFit
{
    private const string Disable = "Disable";
    private const string LatestPatch = "LatestPatch";
    private static readonly string[] s_rolls = [Disable, LatestPatch, "Minor", "LatestMinor", "Major", "LatestMajor"];

    /// <summary>A policy of rolling forward as the runtime spells it.</summary>
    /// <exception cref="FormatException">There is none of that name.</exception>
    public static string KnownRoll(string? text) =>
        s_rolls.FirstOrDefault(r => string.Equals(r, text, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"\"rollForward\" is '{text}'; expected {string.Join(", ", s_rolls)}.");

    /// <summary>What is wrong, with both values; null where the framework fits.</summary>
    /// <param name="name">The framework.</param>
    /// <param name="wanted">The lowest version that is asked for.</param>
    /// <param name="rollForward">How far it may be newer; null where the plugin does not say. Minor and LatestMinor are what the SDK writes into every plugin, and keep nothing out.</param>
    /// <param name="mine">The version that the process has; null where it runs without the framework.</param>
    public static string? Problem(string name, Version wanted, string? rollForward, Version? mine)
    {
        if (mine is null)
        {
            return $"it needs the shared framework {name} {wanted}, and this process runs without it.";
        }

        if (Whole(wanted) > Whole(mine))
        {
            return $"it needs {name} {wanted}, and this process runs on {mine}.";
        }

        bool fits = rollForward switch
        {
            Disable => Whole(wanted) == Whole(mine),
            LatestPatch => wanted.Major == mine.Major && wanted.Minor == mine.Minor,
            _ => true,
        };
        return fits ? null : $"it asks for {name} {wanted} with \"rollForward\": \"{rollForward}\", and this process runs on {mine}.";
    }

    // 10.0 and 10.0.0 are the same.
    private static Version Whole(Version version) => new(version.Major, version.Minor, Math.Max(version.Build, 0));
}

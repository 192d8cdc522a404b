namespace PluginHost.Loading;

/// <summary>What a load report points out.</summary>
public enum AssemblyProblemKind
{
    /// <summary>An assembly is referenced and nowhere to be found.</summary>
    Missing,

    /// <summary>A shared framework that the plugin asks for is not there, or older.</summary>
    MissingFramework,

    /// <summary>One simple name stands for several files or versions.</summary>
    Duplicate,

    /// <summary>The plugin ships an assembly that the host alone provides; it is not loaded.</summary>
    ShippedHostAssembly,

    /// <summary>An assembly is older than one that references it was built against.</summary>
    Older,

    /// <summary>The plugin's code loaded an assembly outside its load context, where it stays until the process ends.</summary>
    Permanent,

    /// <summary>A file is damaged or cannot be read.</summary>
    Unreadable,
}

/// <summary>Something of a plugin's assemblies that a person should know. Plain data.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Assembly">The simple name that it concerns, or the framework's.</param>
/// <param name="Message">What is so, with the values that disagree.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record AssemblyProblem(AssemblyProblemKind Kind, string Assembly, string Message, string Remedy)
{
    /// <summary>What the rows of a report say together.</summary>
    /// <param name="rows">The report.</param>
    /// <param name="process">The process that the plugin shares with the application; null in a worker, where there is no application.</param>
    internal static IEnumerable<AssemblyProblem> Among(IReadOnlyList<LoadedAssembly> rows, HostFrameworks? process)
    {
        foreach (LoadedAssembly row in rows.Where(r => r.State == AssemblyState.Permanent))
        {
            yield return new AssemblyProblem(
                AssemblyProblemKind.Permanent, row.Name, $"{row.Name} {row.Version} is permanent: {row.Because["permanent: ".Length..]}.",
                "Ship it in the plugin's folder and reference it, so that it is loaded into the plugin's own context; or load it into a collectible AssemblyLoadContext that the plugin unloads.");
        }

        foreach (IGrouping<string, LoadedAssembly> same in rows.Where(r => r.State != AssemblyState.Missing && r.Name.Length > 0 && !IsSatellite(r)).GroupBy(r => r.Name, StringComparer.OrdinalIgnoreCase))
        {
            foreach (AssemblyProblem problem in OfName([.. same], process))
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<AssemblyProblem> OfName(LoadedAssembly[] rows, HostFrameworks? process)
    {
        LoadedAssembly[] own = [.. rows.Where(r => r.Origin == AssemblyOrigin.Plugin)];
        if (own.Length == 0)
        {
            yield break;
        }

        LoadedAssembly used = rows.FirstOrDefault(r => r.State is AssemblyState.Loaded or AssemblyState.Expected) ?? rows[0];
        string name = used.Name;
        if (used.Origin == AssemblyOrigin.Host)
        {
            yield return new AssemblyProblem(
                AssemblyProblemKind.ShippedHostAssembly, name,
                $"{name} is in the plugin's folder in version {own[0].Version}, and is not loaded from there: the host gives its own, {used.Version}.",
                $"Reference {name} with Private=\"false\" and ExcludeAssets=\"runtime\", so that it is not published with the plugin.");
        }
        else if (own.Length > 1)
        {
            yield return new AssemblyProblem(
                AssemblyProblemKind.Duplicate, name,
                $"{name} is there {own.Length} times: {string.Join(", ", own.Select(Text))}. {used.Version} from {used.From} is used.",
                "Publish the plugin with one of them.");
        }

        if (used.Origin == AssemblyOrigin.Plugin && process?.OfApplication(name) is { } other)
        {
            yield return new AssemblyProblem(
                AssemblyProblemKind.Duplicate, name,
                $"{name} is there twice: the plugin's own {used.Version}, and the application's {HostFrameworks.VersionOf(other)}. Their types are different types.",
                "Nothing, as long as none of its types is in a contract; else let the host share it.");
        }
        else if (used.Origin == AssemblyOrigin.Plugin && (process ?? HostFrameworks.Current).FrameworkOf(name) is { } framework)
        {
            yield return new AssemblyProblem(
                AssemblyProblemKind.Duplicate, name,
                $"{name} is there twice: the plugin's own {used.Version}, which it gets, and {HostFrameworks.VersionOf((process ?? HostFrameworks.Current).PathOf(name)!)} of {framework}. Their types are different types.",
                "Nothing, as long as none of its types is in a contract; else publish the plugin without it.");
        }
    }

    private static string Text(LoadedAssembly row) => row.From.Length == 0 ? $"{row.Version} from memory" : $"{row.Version} from {row.From}";

    private static bool IsSatellite(LoadedAssembly row) => row.Name.EndsWith(".resources", StringComparison.Ordinal);
}

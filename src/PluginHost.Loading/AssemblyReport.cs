namespace PluginHost.Loading;

/// <summary>
/// Every assembly of a plugin with where it comes from and why, and what is worth knowing of them together. Plain data.
/// </summary>
/// <param name="Assemblies">The assemblies: the plugin's, the host's, the frameworks'.</param>
/// <param name="Problems">What a person should know.</param>
public sealed record AssemblyReport(IReadOnlyList<LoadedAssembly> Assemblies, IReadOnlyList<AssemblyProblem> Problems)
{
    /// <summary>A report of nothing: the plugin is no .NET plugin, or its files cannot be read.</summary>
    public static AssemblyReport Nothing { get; } = new([], []);

    /// <summary>
    /// Reads a plugin's files, without running any of its code, and joins what is loaded already with what would be.
    /// </summary>
    /// <param name="options">The plugin.</param>
    /// <param name="loaded">What its load context has given: <see cref="LoadedPlugin.Assemblies"/>; empty where it does not run in this process.</param>
    /// <param name="inWorker">True for a plugin that runs in a worker process, which has the base framework, what the plugin asks for beyond, and nothing of the application.</param>
    public static AssemblyReport Read(LoadOptions options, IReadOnlyList<LoadedAssembly> loaded, bool inWorker)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loaded);
        HostFrameworks frameworks = inWorker
            ? HostFrameworks.Current.OfWorker(PluginFrameworks.Beyond(options.Folder, options.EntryAssembly).Select(PluginFrameworks.FolderOf).OfType<string>())
            : HostFrameworks.Current;
        AssemblyWalk walk = AssemblyWalk.Of(options, frameworks, inWorker);
        List<LoadedAssembly> all = [.. loaded, .. walk.Rows.Where(row => !loaded.Any(l => IsSame(l, row)))];
        List<LoadedAssembly> ordered = [.. all.OrderBy(static row => row.Origin)];
        return new AssemblyReport(ordered, [.. walk.Problems, .. AssemblyProblem.Among(ordered, inWorker ? null : frameworks)]);
    }

    private static bool IsSame(LoadedAssembly one, LoadedAssembly other) =>
        string.Equals(one.Name, other.Name, StringComparison.OrdinalIgnoreCase) && one.From == other.From && one.State != AssemblyState.Permanent;
}

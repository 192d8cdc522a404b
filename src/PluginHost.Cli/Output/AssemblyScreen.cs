using PluginHost.Loading;

namespace PluginHost.Cli.Output;

/// <summary>A load report as people read it: the frameworks' assemblies, of which there are many, in one line.</summary>
internal static class AssemblyScreen
{
    /// <summary>Writes it.</summary>
    /// <param name="screen">Where to.</param>
    /// <param name="assemblies">The report.</param>
    /// <param name="problems">What to know of it.</param>
    /// <param name="folder">The plugin's folder: its own files are told from there.</param>
    public static void Show(Screen screen, IReadOnlyList<LoadedAssembly> assemblies, IReadOnlyList<AssemblyProblem> problems, string? folder)
    {
        LoadedAssembly[] framework = [.. assemblies.Where(a => a.Origin == AssemblyOrigin.Framework)];
        LoadedAssembly[] others = [.. assemblies.Except(framework).Select(a => folder is not null && a.From.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? a with { From = Path.GetRelativePath(folder, a.From) }
            : a)];
        if (others.Length > 0)
        {
            screen.People.Write(Tables.Assemblies(others));
        }

        foreach (IGrouping<string, LoadedAssembly> same in framework.GroupBy(a => a.Because))
        {
            screen.Line($"  {same.Key}: {string.Join(", ", same.Select(a => $"{a.Name}{(a.State == AssemblyState.Loaded ? "" : $" ({Words.Of(a.State)})")}"))}");
        }

        foreach (AssemblyProblem problem in problems)
        {
            screen.Line($"  {Words.Of(problem.Kind)}: {problem.Message} {problem.Remedy}");
        }
    }
}

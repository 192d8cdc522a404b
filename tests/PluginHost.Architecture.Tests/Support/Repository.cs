using System.Reflection;

namespace PluginHost.Architecture.Tests.Support;

/// <summary>The repository's files and what was built from them.</summary>
internal static class Repository
{
    private static readonly string[] s_others = [Path.Combine("tests", "Fixtures"), Path.Combine("tests", "FirstRelease")];
    private static readonly string[] s_notOurs = ["artifacts", "bin", "obj", ".git", ".vs", "node_modules", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = Path.GetFullPath(Metadata("RepositoryRoot"));

    /// <summary>An absolute path.</summary>
    public static string At(params ReadOnlySpan<string> names) => Path.Combine([Root, .. names]);

    public static bool HasProject(string name) => File.Exists(At("src", name, name + ".csproj"));

    /// <summary>Where the build put a project's assembly.</summary>
    public static string AssemblyOf(string project)
    {
        // A project that is built for one system (the worker, compiled ahead of time) has its folder named after that too: release_linux-x64.
        string folder = Path.Combine(Metadata("BuiltAssemblies"), project);
        string plain = Path.Combine(folder, Metadata("Configuration"), project + ".dll");
        return Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder, Metadata("Configuration") + "_*")
                .Select(system => Path.Combine(system, project + ".dll"))
                .Where(File.Exists)
                .FirstOrDefault(plain)
            : plain;
    }

    /// <summary>The files under a folder, without what a build makes. Absolute paths.</summary>
    public static IEnumerable<string> Files(string folder, string pattern = "*")
    {
        foreach (string file in Directory.EnumerateFiles(folder, pattern))
        {
            yield return file;
        }

        foreach (string inner in Directory.EnumerateDirectories(folder).Where(path => !s_notOurs.Contains(Path.GetFileName(path))))
        {
            foreach (string file in Files(inner, pattern))
            {
                yield return file;
            }
        }
    }

    /// <summary>Whether a file plays other people's code, which keeps none of the house's rules.</summary>
    public static bool IsFixture(string path) => s_others.Any(folder => Short(path).StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal));

    /// <summary>A path as a person reads it in a failure.</summary>
    public static string Short(string path) => Path.GetRelativePath(Root, path);

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}

using System.Reflection;

namespace PluginHost.FixturePlugins;

/// <summary>Finds the folders of the fixture plugins, as the build wrote them.</summary>
internal static class FixtureFolder
{
    /// <summary>The folder of one fixture: its assembly, its dependencies and its plugin.json.</summary>
    public static string Of(string project)
    {
        string folder = Path.GetFullPath(Path.Combine(Metadata("FixturesFolder"), project, Metadata("FixturesConfiguration")));
        return Directory.Exists(folder)
            ? folder
            : throw new DirectoryNotFoundException($"The fixture {project} was not built: {folder} is missing. Build the test project first.");
    }

    /// <summary>Copies a fixture to a folder that a test may change.</summary>
    public static string CopyOf(string project, string target)
    {
        string source = Of(project);
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return target;
    }

    private static string Metadata(string key) =>
        typeof(FixtureFolder).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(m => m.Key == key).Value!;
}

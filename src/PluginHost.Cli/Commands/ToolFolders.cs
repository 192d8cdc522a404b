using System.Reflection;

namespace PluginHost.Cli.Commands;

/// <summary>Where the tool's own plugins lie: in the repository's build output that the tool was built with, else beside the tool.</summary>
internal static class ToolFolders
{
    /// <summary>The folder whose subfolders are the sample plugins.</summary>
    public static string Samples => Of("plugins");

    /// <summary>The policy that ships with the tool and trusts the samples' folder.</summary>
    public static string SamplesPolicy => Path.Combine(Of("samples-policy"), "pluginhost.json");

    /// <summary>The folder with the plugin that is measured.</summary>
    public static string BenchPlugins => Of("bench-plugins");

    private static string Of(string name)
    {
        string built = Path.Combine(Artifacts, name);
        return Directory.Exists(built) ? built : Path.Combine(AppContext.BaseDirectory, name);
    }

    private static string Artifacts =>
        typeof(ToolFolders).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "ArtifactsPath").Value!;
}

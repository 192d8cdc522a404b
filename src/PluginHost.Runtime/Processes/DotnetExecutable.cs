namespace PluginHost.Runtime.Processes;

/// <summary>
/// Finds the <c>dotnet</c> program that starts workers: the one this process runs on, wherever that can be told, so that host and worker have
/// the same runtime.
/// </summary>
internal static class DotnetExecutable
{
    private const string Name = "dotnet";

    /// <summary>Finds it.</summary>
    /// <param name="processPath">The path of this process's program.</param>
    /// <param name="frameworkFolder">The folder of the framework's own assemblies; null where they are in a single file.</param>
    /// <param name="dotnetRoot">The value of DOTNET_ROOT.</param>
    /// <param name="exists">Whether a file exists.</param>
    /// <returns>A full path, or the bare name for a search in PATH.</returns>
    public static string Find(string? processPath, string? frameworkFolder, string? dotnetRoot, Func<string, bool> exists)
    {
        if (processPath is not null && Path.GetFileNameWithoutExtension(processPath) == Name)
        {
            return processPath;
        }

        // ROOT/shared/Microsoft.NETCore.App/VERSION
        string? fromFramework = frameworkFolder is null ? null : Path.GetFullPath(Path.Combine(frameworkFolder, "../../..", Name));
        string? fromRoot = string.IsNullOrEmpty(dotnetRoot) ? null : Path.Combine(dotnetRoot, Name);
        return new[] { fromFramework, fromRoot }.FirstOrDefault(p => p is not null && exists(p)) ?? Name;
    }

    /// <summary>Finds the one of this process.</summary>
    public static string FindForThisProcess() => Find(
        Environment.ProcessPath,
        Path.GetDirectoryName(typeof(object).Assembly.Location),
        Environment.GetEnvironmentVariable("DOTNET_ROOT"),
        File.Exists);
}

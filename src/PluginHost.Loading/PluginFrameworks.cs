using System.Text.Json;

namespace PluginHost.Loading;

/// <summary>A shared framework with a version: the lowest that is asked for, or the one that is installed.</summary>
/// <param name="Name">Such as <c>Microsoft.AspNetCore.App</c>.</param>
/// <param name="Version">The version.</param>
public sealed record SharedFramework(string Name, Version Version);

/// <summary>
/// The shared frameworks that a plugin asks for and a worker does not have by itself: beyond the base framework of this process, and installed on the machine.
/// Thread-safe.
/// </summary>
public static class PluginFrameworks
{
    /// <summary>Reads what a plugin's <c>runtimeconfig.json</c> asks for; nothing where there is none, or none that can be read: its load says so.</summary>
    /// <param name="folder">The plugin's folder.</param>
    /// <param name="entry">The entry assembly's file name.</param>
    /// <returns>In the order of their names; without those that no installed version satisfies.</returns>
    public static IReadOnlyList<SharedFramework> Beyond(string folder, string entry)
    {
        string path = Path.Combine(folder, Path.ChangeExtension(entry, ".runtimeconfig.json"));
        try
        {
            return File.Exists(path) ? Beyond(RuntimeConfig.Read(path), HostFrameworks.Current.Versions[HostFrameworks.BaseFramework], Installed) : [];
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException or FormatException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The same for a given configuration and machine.</summary>
    /// <param name="config">What is asked for.</param>
    /// <param name="mine">The version of the base framework that a worker has.</param>
    /// <param name="installed">The installed versions of a framework.</param>
    internal static IReadOnlyList<SharedFramework> Beyond(RuntimeConfig config, Version mine, Func<string, IEnumerable<Version>> installed) =>
    [
        .. from framework in config.IsSelfContained ? [] : config.Frameworks
           where framework.Name != HostFrameworks.BaseFramework || framework.Version > mine
           where Best(framework.Name, framework.Version, config.RollForward, installed) is not null
           orderby framework.Name
           select new SharedFramework(framework.Name, framework.Version),
    ];

    /// <summary>The folder of the installed version that a worker would get; null where none fits.</summary>
    internal static string? FolderOf(SharedFramework framework) =>
        Best(framework.Name, framework.Version, null, Installed) is { } version ? Path.Combine(Root, framework.Name, version.ToString()) : null;

    // As the runtime chooses: the nearest minor version, and of that the newest patch.
    private static Version? Best(string name, Version wanted, string? rollForward, Func<string, IEnumerable<Version>> installed) => installed(name)
        .Where(version => FrameworkFit.Problem(name, wanted, rollForward, version) is null)
        .OrderBy(version => version.Major).ThenBy(version => version.Minor).ThenByDescending(version => version)
        .FirstOrDefault();

    // <root>/shared/Microsoft.NETCore.App/<version>/System.Private.CoreLib.dll
    private static string Root => Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(typeof(object).Assembly.Location))) ?? "";

    private static IEnumerable<Version> Installed(string name)
    {
        string folder = Path.Combine(Root, name);
        return Root.Length > 0 && Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Select(d => Path.GetFileName(d)).Where(v => !v.Contains('-', StringComparison.Ordinal)).Select(HostFrameworks.ParseVersion).OfType<Version>()
            : [];
    }
}

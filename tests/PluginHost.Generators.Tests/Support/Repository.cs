using System.Runtime.CompilerServices;

namespace PluginHost.Generators.Tests.Support;

/// <summary>Finds the repository's files from the place of this one.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", ".."));

    public static string Snapshots { get; } = Path.Combine(Root, "tests", "PluginHost.Generators.Tests", "Snapshots");

    public static string Pages { get; } = Path.Combine(Root, "docs", "analyzers");

    private static string Here([CallerFilePath] string path = "") => path;
}

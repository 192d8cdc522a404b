using System.Reflection;

namespace PluginHost.Faults.Tests.Support;

/// <summary>Where the build has laid what the faults need, and how much is done.</summary>
internal static class Place
{
    /// <summary>The samples' folders, one a plugin.</summary>
    public static string Plugins { get; } = Metadata("PluginsLayout");

    /// <summary>The folder with the program that stands in for the worker.</summary>
    public static string FakeWorker { get; } = Metadata("FakeWorker");

    /// <summary>The sources.</summary>
    public static string Repository { get; } = Path.GetFullPath(Metadata("Repository"));

    /// <summary>True where there is time: larger counts.</summary>
    public static bool IsSoak { get; } = Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") == "1";

    private static string Metadata(string key) =>
        typeof(Place).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}

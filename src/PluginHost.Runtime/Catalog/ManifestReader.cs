namespace PluginHost.Runtime.Catalog;

/// <summary>Reads <c>plugin.json</c>.</summary>
internal static class ManifestReader
{
    /// <summary>The file's name.</summary>
    public const string FileName = "plugin.json";

    /// <summary>Reads and checks a folder's manifest. Never throws for what is in the folder.</summary>
    public static ManifestResult Read(string folder) => throw new NotSupportedException();
}

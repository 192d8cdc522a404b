namespace PluginHost.Runtime.Catalog;

/// <summary>Finds the plugins of a directory: one subfolder each.</summary>
internal static class PluginCatalog
{
    /// <summary>Reads every plugin folder by itself. Never throws for what is in the directory.</summary>
    public static CatalogResult Scan(string directory) => throw new NotSupportedException();
}

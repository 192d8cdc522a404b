using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Trust;

/// <summary>Looks at the development folder and what lies in it.</summary>
internal static class DevelopmentFolder
{
    /// <summary>
    /// How a plugin's folder stands to the development folder: inside where it is that folder or lies directly in it. What others could
    /// write in either is a problem.
    /// </summary>
    /// <param name="developmentFolder">The policy's folder; null for none.</param>
    /// <param name="pluginFolder">The operator's folder of the plugin, not the store's copy.</param>
    public static DevelopmentStanding Of(string? developmentFolder, string pluginFolder)
    {
        if (developmentFolder is null)
        {
            return DevelopmentStanding.Outside;
        }

        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(developmentFolder));
        var plugin = Path.TrimEndingDirectorySeparator(Path.GetFullPath(pluginFolder));
        return plugin == folder || Path.GetDirectoryName(plugin) == folder
            ? new(true, FolderSafety.Check(folder) ?? FolderSafety.CheckTree(plugin))
            : DevelopmentStanding.Outside;
    }
}

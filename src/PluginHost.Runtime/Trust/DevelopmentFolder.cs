namespace PluginHost.Runtime.Trust;

/// <summary>Looks at the development folder and what lies in it.</summary>
internal static class DevelopmentFolder
{
    /// <summary>How a plugin's folder stands to the development folder; outside where there is none.</summary>
    public static DevelopmentStanding Of(string? developmentFolder, string pluginFolder) => throw new NotSupportedException();
}

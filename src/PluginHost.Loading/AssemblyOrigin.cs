namespace PluginHost.Loading;

/// <summary>Whose an assembly of a load report is.</summary>
public enum AssemblyOrigin
{
    /// <summary>The plugin's own file.</summary>
    Plugin,

    /// <summary>The host's own copy: of a contract, or of what contracts and plugins share with it.</summary>
    Host,

    /// <summary>A shared framework's, such as Microsoft.NETCore.App.</summary>
    Framework,
}

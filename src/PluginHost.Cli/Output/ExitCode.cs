namespace PluginHost.Cli.Output;

/// <summary>What the tool's process ends with.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A check failed or a call faulted.</summary>
    public const int Failed = 1;

    /// <summary>The command line asks for something that there is not.</summary>
    public const int Usage = 2;

    /// <summary>The policy refuses the plugin.</summary>
    public const int Refused = 3;

    /// <summary>The plugin takes no calls now.</summary>
    public const int Unavailable = 4;
}

namespace PluginHost.DumpReader;

/// <summary>How the program ends.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Unreadable = 1;
    public const int BadArguments = 2;
    public const int HostGone = 3;
}

namespace PluginHost.Rpc.Tests.Support;

/// <summary>How much a test does: little in every run, much where <c>PLUGINHOST_SOAK</c> is 1.</summary>
internal static class Soak
{
    public static bool IsOn => Environment.GetEnvironmentVariable("PLUGINHOST_SOAK") == "1";

    public static int Count(int run, int soak) => IsOn ? soak : run;
}

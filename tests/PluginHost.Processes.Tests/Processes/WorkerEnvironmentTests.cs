using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Processes;

public sealed class WorkerEnvironmentTests
{
    [Fact]
    public void Secrets_of_the_host_stay_in_the_host_unless_the_operator_grants_them()
    {
        Dictionary<string, string> host = new() { ["PATH"] = "/bin", ["SECRET"] = "s", ["GRANTED"] = "g", ["DOTNET_STARTUP_HOOKS"] = "x", ["LD_PRELOAD"] = "y" };

        Dictionary<string, string> environment = WorkerEnvironment.Of(host, ["GRANTED", "ABSENT"], [new("PLUGINHOST_FD", "3")]);

        Assert.Equal(["DOTNET_EnableDiagnostics", "DOTNET_NOLOGO", "GRANTED", "PATH", "PLUGINHOST_FD"], environment.Keys.Order(StringComparer.Ordinal));
    }
}

using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Processes;

public sealed class DotnetExecutableTests
{
    [Theory]
    [InlineData("/opt/dotnet/dotnet", "/usr/share/dotnet/shared/N/10.0.0", "/root", "/opt/dotnet/dotnet")]
    [InlineData("/app/host", "/usr/share/dotnet/shared/N/10.0.0", "/root", "/usr/share/dotnet/dotnet")]
    [InlineData("/app/host", "/app", "/root", "/root/dotnet")]
    [InlineData("/app/host", null, "/gone", "dotnet")]
    [InlineData(null, null, null, "dotnet")]
    public void The_runtime_of_this_process_comes_first(string? process, string? framework, string? root, string expected)
    {
        string[] there = ["/usr/share/dotnet/dotnet", "/root/dotnet"];

        Assert.Equal(expected, DotnetExecutable.Find(process, framework, root, there.Contains));
    }
}

using PluginHost.Cli.Tests.Support;

namespace PluginHost.Cli.Tests;

/// <summary>What people type.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("unknown")]
    [InlineData("call")]
    [InlineData("reset")]
    [InlineData("stats", "--no-such-option")]
    [InlineData("list", "--plugins", "/no/such/folder")]
    [InlineData("list", "--policy", "/no/such/file")]
    [InlineData("run", "--call", "samples.calculator")]
    [InlineData("call", "a", "b", "--timeout", "soon")]
    [InlineData("bench", "tax", "--seconds", "0")]
    [InlineData("bench", "start", "--rounds", "0")]
    [InlineData("bench", "crash", "--service-time", "1.5ms")]
    [InlineData("bench", "crash", "--workers", "0")]
    public async Task A_command_line_that_does_not_fit_ends_with_2_and_says_why(params string[] arguments)
    {
        ToolResult result = await Tool.RunAsync(arguments);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("pluginhost: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_command_and_hides_what_is_the_tools_own()
    {
        ToolResult result = await Tool.RunAsync("--help");
        ToolResult bench = await Tool.RunAsync("bench", "--help");

        Assert.Equal(0, result.ExitCode);
        Assert.All(
            (string[])["demo", "run", "list", "inspect", "reset", "call", "stats", "faults", "bench", "--plugins", "--policy", "--contracts", "--state", "--json"],
            word => Assert.Contains(word, result.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("peer", bench.Output, StringComparison.Ordinal);
    }
}

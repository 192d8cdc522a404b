using PluginHost.Cli.Commands;
using PluginHost.Cli.Output;

namespace PluginHost.Cli.Tests.Commands;

/// <summary>Times as people type them.</summary>
public sealed class DurationsTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("00:00:10", 10_000)]
    public void A_time_is_read(string text, double milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Durations.Read("--timeout", text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("-1s")]
    [InlineData("0s")]
    [InlineData("900h")]
    [InlineData("soon")]
    public void What_is_no_time_is_told_with_the_option(string text)
    {
        ToolException thrown = Assert.Throws<ToolException>(() => Durations.Read("--timeout", text));

        Assert.Contains($"--timeout is '{text}'", thrown.Message, StringComparison.Ordinal);
    }
}

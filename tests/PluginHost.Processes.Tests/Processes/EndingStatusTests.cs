using System.Text;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Processes;

public sealed class EndingStatusTests
{
    [Theory]
    [InlineData(9, null, 9)]
    [InlineData(134, null, 6)]
    [InlineData(139, null, 11)]
    [InlineData(15, null, 15)]
    [InlineData(256, 1, null)]
    [InlineData(768, 3, null)]
    [InlineData(65280, 255, null)]
    public void The_last_field_is_the_status_that_a_wait_will_give(int field, int? code, int? signal)
    {
        Assert.Equal(new ProcessExit(code, signal), EndingStatus.Parse(Line(field)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(19)]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    public void A_process_that_runs_or_is_stopped_is_not_ending(int field)
    {
        Assert.Null(EndingStatus.Parse(Line(field)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("1 (x) S -1")]
    [InlineData("no numbers at all")]
    public void What_is_no_status_is_none(string line)
    {
        Assert.Null(EndingStatus.Parse(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void A_process_that_is_gone_or_runs_has_none()
    {
        Assert.Null(EndingStatus.Of(Environment.ProcessId));
        Assert.Null(EndingStatus.Of(int.MaxValue));
    }

    private static byte[] Line(int field) => Encoding.UTF8.GetBytes($"77 (a name) with spaces) S 1 77 77 0 -1 {string.Join(' ', Enumerable.Repeat("0", 43))} {field}\n");
}

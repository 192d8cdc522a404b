using Microsoft.Extensions.Logging;
using PluginHost.Processes.Tests.Support;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.Processes;

public sealed class OutputDrainTests
{
    private static readonly Dictionary<string, string> s_path = new() { ["PATH"] = "/usr/bin:/bin" };

    [Fact]
    public async Task The_last_words_of_a_child_are_kept_without_a_line_end_too()
    {
        (_, string? output, string? errors) = await Shell.RunAsync("printf 'a\\nb'; printf 'err' >&2; exit 1");

        Assert.Equal("a\nb", output);
        Assert.Equal("err", errors);
    }

    [Fact]
    public async Task A_flood_neither_stops_the_child_nor_grows_the_host()
    {
        RecordingLogger logger = new();

        (ProcessExit exit, string? output, string? errors) = await Shell.RunAsync("yes line | head -c 50000000; yes | tr -d '\\n' | head -c 50000000 >&2; printf END >&2", logger, s_path);

        Assert.Equal(0, exit.ExitCode);
        Assert.Equal(OutputTail.MaxLines, output!.Split('\n').Length);
        Assert.EndsWith("yyyyEND", errors);
        Assert.True(errors!.Length <= OutputTail.MaxBytes);
        Assert.True(logger.Events.Count < 5000, $"{logger.Events.Count} logged");
        Assert.All(logger.Events, e => Assert.True(e.Message.Length < 5000));
    }

    [Fact]
    public async Task Lines_reach_the_log_with_their_stream_and_without_control_characters()
    {
        RecordingLogger logger = new();

        await Shell.RunAsync("printf 'plain\\n\\033[31mred\\n'; echo bad >&2", logger);

        LoggedEvent red = await logger.WaitForAsync(e => e.Message.Contains("red"));
        LoggedEvent bad = await logger.WaitForAsync(e => e.Message.Contains("bad"));
        Assert.Equal("\\u001B[31mred", red["Line"]);
        Assert.Equal((LogLevel.Information, "stdout"), (red.Level, red["Stream"]));
        Assert.Equal((LogLevel.Warning, "stderr"), (bad.Level, bad["Stream"]));
    }

    [Fact]
    public async Task Dropped_lines_are_counted()
    {
        RecordingLogger logger = new();

        await Shell.RunAsync("yes line | head -n 10000; sleep 0.2; echo last", logger, s_path);

        LoggedEvent dropped = await logger.WaitForAsync(e => e.Id.Id == 5001);
        Assert.InRange((long)dropped["Count"]!, 1, 10_000);
    }

    [Fact]
    public async Task The_start_of_a_crash_survives_a_stack_longer_than_the_tail()
    {
        (_, _, string? errors) = await Shell.RunAsync("{ echo 'Stack overflow.'; echo '   at First()'; yes '   at Frame()' | head -n 5000; } >&2", environment: s_path);

        Assert.StartsWith("Stack overflow.\n   at First()", errors);
        Assert.EndsWith("   at Frame()", errors);
        Assert.True(errors!.Length <= OutputTail.MaxBytes);
    }
}

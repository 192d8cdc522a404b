using Microsoft.Extensions.Logging;
using PluginHost.Runtime.Store;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests.Store;

public sealed class RunningWorkersTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ListLogger _log = new();

    private string Path => _folder["running"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_next_host_reads_what_runs_and_not_what_ended()
    {
        RunningWorkers first = RunningWorkers.Open(Path, _log);
        first.Began(1, 101, "one");
        first.Began(2, 102, "two");
        first.Ended(1);

        using RunningWorkers next = RunningWorkers.Open(Path, _log);

        Assert.Equal(HostIdentity.Current, next.Past!.Host);
        Assert.True(next.Past.HadWorkers);
        Assert.Equal([new NotedWorker(2, 102, "two")], next.Past.Workers);
    }

    [Fact]
    public void A_worker_that_gets_its_plugin_later_is_named_by_it_and_stays_one_worker()
    {
        RunningWorkers first = RunningWorkers.Open(Path, _log);
        first.Began(1, 101, "(spare)");
        first.Began(2, 102, "(spare)");
        first.Began(3, 103, "(spare)");
        first.Became(102, "two");
        first.Became(103, "three");
        first.Became(999, "nobody's");
        first.Ended(3);

        using RunningWorkers next = RunningWorkers.Open(Path, _log);

        Assert.Equal([new NotedWorker(1, 101, "(spare)"), new NotedWorker(2, 102, "two")], next.Past!.Workers);
    }

    [Fact]
    public void A_worker_that_ended_before_it_got_its_plugin_stays_ended()
    {
        RunningWorkers first = RunningWorkers.Open(Path, _log);
        first.Began(1, 101, "(spare)");
        first.Ended(1);
        first.Became(101, "late");

        using RunningWorkers next = RunningWorkers.Open(Path, _log);

        Assert.Empty(next.Past!.Workers);
    }

    [Fact]
    public void A_host_that_stops_leaves_no_file()
    {
        RunningWorkers first = RunningWorkers.Open(Path, _log);
        first.Began(1, 101, "one");

        first.Dispose();

        Assert.False(File.Exists(Path));
        using RunningWorkers next = RunningWorkers.Open(Path, _log);
        Assert.Null(next.Past);
    }

    [Fact]
    public void A_thousand_restarts_leave_a_short_file()
    {
        using RunningWorkers running = RunningWorkers.Open(Path, _log);
        running.Began(0, 100, "stays");

        for (int i = 1; i <= 1000; i++)
        {
            running.Began(i, 100 + i, "comes-and-goes");
            running.Ended(i);
        }

        Assert.InRange(File.ReadAllLines(Path).Length, 2, 300);
        Assert.Equal(["stays"], PastHost.Parse(File.ReadAllText(Path))!.Workers.Select(w => w.PluginId));
    }

    [Fact]
    public void A_short_file_still_says_that_workers_had_run()
    {
        using RunningWorkers running = RunningWorkers.Open(Path, _log);
        for (int i = 1; i <= 1000; i++)
        {
            running.Began(i, 100 + i, "comes-and-goes");
            running.Ended(i);
            Assert.True(PastHost.Parse(File.ReadAllText(Path))!.HadWorkers);
        }
    }

    [Fact]
    public void A_host_that_could_not_write_removes_what_the_one_before_it_left()
    {
        File.WriteAllText(Path, "host 1-2-3\n+ 1 11 one\n");
        _folder.Folder("running.new");
        RunningWorkers running = RunningWorkers.Open(Path, _log);

        running.Dispose();

        Assert.NotNull(running.Past);
        Assert.False(File.Exists(Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("host 1-2\n")]
    [InlineData("host x-y-z\n+ 1 2 a\n")]
    [InlineData("host 1-2-3")]
    public void A_file_of_another_kind_is_no_past_host(string text) => Assert.Null(PastHost.Parse(text));

    [Fact]
    public void Half_a_line_and_lines_of_another_kind_are_left_out()
    {
        PastHost past = PastHost.Parse("host 1-2-3\n+ 1 11 one\n+ two\n? 3 13 three\n+ 4 14 four")!;

        Assert.Equal((new HostIdentity(1, 2, 3), "one"), (past.Host, string.Join(' ', past.Workers.Select(w => w.PluginId))));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_logged_and_stops_nothing()
    {
        using RunningWorkers running = RunningWorkers.Open(_folder["missing", "running"], _log);

        running.Began(1, 101, "one");
        running.Ended(1);

        Assert.Contains("cannot be written", Assert.Single(_log.Messages(LogLevel.Warning)), StringComparison.Ordinal);
    }
}

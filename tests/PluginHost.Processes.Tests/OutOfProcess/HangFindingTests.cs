using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class HangFindingTests
{
    private static readonly RunningCall s_stuck = new("Files.Scan", true, TimeSpan.FromSeconds(52), TimeSpan.FromSeconds(42));

    [Fact]
    public void A_living_worker_that_does_not_let_go_is_told_by_the_call_and_by_what_else_it_runs()
    {
        HeartbeatNotice beat = new(2, TimeSpan.FromSeconds(9), [s_stuck, new RunningCall("Files.Read", false, TimeSpan.Zero, null)]);

        HangFinding found = HangFinding.Of(TimeSpan.Zero, TimeSpan.FromSeconds(42), [], beat, s_stuck, new WorkerThreads(false, "the threads"));

        Assert.Equal(
            "has gone on with Files.Scan for 42.0 s after the call's time had ended and it was asked to stop. " +
            "It runs Files.Scan (for 52.0 s, asked to stop 42.0 s ago), Files.Read (waits for a thread). Its thread pool has let work wait for 9.0 s.",
            found.What);
        Assert.Equal(("Files.Scan", "the threads"), (found.Method, found.Threads));
    }

    [Fact]
    public void A_silent_one_is_told_by_what_it_was_to_answer_and_what_it_ran_when_it_was_last_heard()
    {
        HeartbeatNotice beat = new(1, TimeSpan.Zero, [s_stuck]);

        HangFinding found = HangFinding.Of(TimeSpan.FromSeconds(30), TimeSpan.Zero, ["A.B", "A.B", "A.C"], beat, null, new WorkerThreads(true, ""));
        HangFinding unknown = HangFinding.Of(TimeSpan.FromSeconds(30), TimeSpan.Zero, ["A.B", "A.B"], null, null, null);

        Assert.Equal(
            "has given no sign of life for 30.0 s while it was to answer A.B, A.B, A.C. Its process is stopped (state T), by a signal or a debugger. " +
            "What it ran when it was last heard: Files.Scan (for 52.0 s, asked to stop 42.0 s ago).",
            found.What);
        Assert.Null(found.Method);
        Assert.EndsWith("It never said what it runs.", unknown.What);
        Assert.Equal("A.B", unknown.Method);
    }

    [Fact]
    public void Names_that_a_worker_makes_up_cannot_break_a_line_or_fill_a_log()
    {
        RunningCall forged = s_stuck with { Method = "a\n\u001b[31m" + new string('x', 100_000) };
        HeartbeatNotice beat = new(1000, TimeSpan.Zero, [.. Enumerable.Repeat(forged, 1000)]);

        HangFinding found = HangFinding.Of(TimeSpan.Zero, TimeSpan.FromSeconds(42), [], beat, forged, null);

        Assert.DoesNotContain('\n', found.What);
        Assert.DoesNotContain('\u001b', found.What);
        Assert.Contains("and 995 more", found.What);
        Assert.InRange(found.What.Length, 0, 2000);
    }

    [Theory]
    [InlineData("12 (plain) R 1 1 1 0 -1 4194304 1 0 0 0 250 50 0 0 20 0", "plain", 'R', 3.0)]
    [InlineData("12 (a) b (c) S 1 1 1 0 -1 4194304 1 0 0 0 0 1 0 0 20 0", "a) b (c", 'S', 0.01)]
    public void A_threads_name_may_hold_anything(string stat, string name, char state, double seconds) =>
        Assert.Equal((name, state, seconds), WorkerThreads.Parse(stat));

    [Theory]
    [InlineData("")]
    [InlineData("12 (short) R 1 1")]
    [InlineData(")(")]
    public void What_is_no_stat_line_is_none(string stat) => Assert.Null(WorkerThreads.Parse(stat));

    [Fact]
    public void This_process_is_not_stopped_and_has_threads()
    {
        WorkerThreads? threads = WorkerThreads.Of(Environment.ProcessId);

        Assert.False(threads!.IsStopped);
        Assert.Contains("thread '", threads.Text);
        Assert.Null(WorkerThreads.Of(int.MaxValue));
    }
}

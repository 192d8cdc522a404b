using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using PluginHost.Processes.Tests.Support;
using PluginHost.Rpc.Transport;
using PluginHost.Runtime.Processes;
using ManualTimeProvider = PluginHost.TestKit.ManualTimeProvider;

namespace PluginHost.Processes.Tests.Processes;

public sealed class WorkerSpawnerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task The_exit_code_of_a_child_is_told(int code)
    {
        (ProcessExit exit, _, _) = await Shell.RunAsync($"exit {code}");

        Assert.Equal(new ProcessExit(code, null), exit);
    }

    [Theory]
    [InlineData("KILL", "SIGKILL")]
    [InlineData("ABRT", "SIGABRT")]
    [InlineData("SEGV", "SIGSEGV")]
    public async Task The_signal_that_ended_a_child_is_told_by_name(string signal, string name)
    {
        (ProcessExit exit, _, _) = await Shell.RunAsync($"kill -{signal} $$");

        Assert.Null(exit.ExitCode);
        Assert.Equal(name, exit.SignalName);
    }

    [Fact]
    public async Task A_child_gets_exactly_the_named_environment_and_folder()
    {
        string folder = Path.GetTempPath().TrimEnd('/');

        (_, string? output, _) = await Shell.RunAsync("cat /proc/self/environ | tr '\\0' '\\n'; pwd", environment: new() { ["A"] = "1 ü", ["PATH"] = "/usr/bin:/bin" }, folder: folder);

        Assert.Equal(["A=1 ü", "PATH=/usr/bin:/bin"], output!.Split('\n').Where(l => l.Contains('=') && !l.StartsWith("PWD=") && !l.StartsWith("OLDPWD=") && !l.StartsWith("_=") && !l.StartsWith("SHLVL=")));
        Assert.EndsWith(folder, output);
    }

    [Fact]
    public async Task A_child_has_four_descriptors_and_no_more()
    {
        // One that the application left inheritable.
        using FileStream inheritable = new("/proc/self/status", FileMode.Open, FileAccess.Read);
        Assert.Equal(0, Libc.fcntl((int)inheritable.SafeFileHandle.DangerousGetHandle(), 2, 0));

        (_, string? output, _) = await Shell.RunAsync("cd /proc/$$/fd; for d in *; do readlink $d; done", environment: new() { ["PATH"] = "/usr/bin:/bin" });

        string[] targets = output!.Split('\n');
        Assert.Equal("/dev/null", targets[0]);
        Assert.StartsWith("pipe:", targets[1]);
        Assert.StartsWith("pipe:", targets[2]);
        Assert.StartsWith("socket:", targets[3]);
        Assert.All(targets[4..], t => Assert.DoesNotContain("/proc/self/status", t));
        Assert.Equal(4, targets.Length);
    }

    [Fact]
    public async Task A_child_finds_what_it_inherits_behind_its_channel_in_order_and_the_host_keeps_its_own()
    {
        using SharedMemory first = SharedMemory.Create("first", 1);
        using SharedMemory second = SharedMemory.Create("second", 1);

        (_, string? output, _) = await Shell.RunAsync(
            "cd /proc/$$/fd; for d in *; do readlink $d; done",
            environment: new() { ["PATH"] = "/usr/bin:/bin" },
            inherited: [second.Descriptor, first.Descriptor, second.Descriptor]);

        Assert.Equal(["/memfd:second (deleted)", "/memfd:first (deleted)", "/memfd:second (deleted)"], output!.Split('\n')[4..]);
        Assert.False(first.Descriptor.IsClosed || second.Descriptor.IsClosed);
    }

    [Fact]
    public async Task A_source_whose_number_a_child_gets_for_another_is_not_overwritten()
    {
        // Enough that the sources' own numbers are among those that the child gets.
        using SharedMemory memory = SharedMemory.Create("same", 1);
        List<SafeFileHandle> sources = [.. Enumerable.Range(0, SpawnRequest.MostInherited).Select(_ => File.OpenHandle("/dev/zero"))];
        sources[^1] = memory.Descriptor;

        (_, string? output, _) = await Shell.RunAsync(
            "cd /proc/$$/fd; readlink 19", environment: new() { ["PATH"] = "/usr/bin:/bin" }, inherited: [.. sources]);

        Assert.Equal("/memfd:same (deleted)", output);
        sources.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task More_than_a_child_can_inherit_is_refused_with_the_limit()
    {
        using SharedMemory memory = SharedMemory.Create("many", 1);

        SpawnException refused = await Assert.ThrowsAsync<SpawnException>(
            () => Shell.RunAsync("exit 0", inherited: [.. Enumerable.Repeat(memory.Descriptor, SpawnRequest.MostInherited + 1)]));

        Assert.Contains("17 more descriptors; the limit is 16", refused.Message);
    }

    [Fact]
    public async Task Every_descriptor_of_the_host_is_close_on_exec()
    {
        IReadOnlyList<string> before = OpenDescriptors.Inheritable();

        WorkerProcess process = await Shell.StartAsync("read x");

        Assert.Equal(before, OpenDescriptors.Inheritable());
        process.Kill();
        await process.Exited.WaitAsync(Shell.Long);
        process.Channel.Dispose();
    }

    [Fact]
    public async Task A_child_leads_its_own_process_group()
    {
        WorkerProcess process = await Shell.StartAsync("exec sleep 60", environment: new() { ["PATH"] = "/usr/bin:/bin" });

        string[] stat = (await File.ReadAllTextAsync($"/proc/{process.Pid}/stat")).Split(") ")[1].Split(' ');

        Assert.Equal(process.Pid.ToString(), stat[2]);
        process.Kill();
        Assert.Equal("SIGKILL", (await process.Exited.WaitAsync(Shell.Long)).SignalName);
        process.Channel.Dispose();
    }

    [Fact]
    public async Task A_program_that_is_not_there_gives_one_clear_error()
    {
        SpawnRequest request = new() { FileName = "/nowhere/program", Environment = new Dictionary<string, string>(), WorkingDirectory = "/", Logger = new RecordingLogger() };

        SpawnException refused = await Assert.ThrowsAsync<SpawnException>(() => WorkerSpawner.Shared.SpawnAsync(request));

        Assert.Contains("/nowhere/program", refused.Message);
        Assert.Contains("No such file or directory", refused.Message);
    }

    [Fact]
    public async Task Fifty_children_leave_no_descriptor_and_no_zombie()
    {
        await Shell.RunAsync("exit 0");
        HashSet<string> before = OpenDescriptors.Now();
        List<int> pids = [];

        for (int i = 0; i < 50; i++)
        {
            WorkerProcess process = await Shell.StartAsync("read x");
            pids.Add(process.Pid);
            process.Kill();
            await process.Exited.WaitAsync(Shell.Long);
            process.Channel.Dispose();
        }

        Assert.All(pids, p => Assert.False(Directory.Exists($"/proc/{p}"), $"{p} is still there"));

        // The spawner's thread closes right after it has told of the end.
        Assert.True(SpinWait.SpinUntil(() => OpenDescriptors.Now().IsSubsetOf(before), Shell.Long), string.Join('\n', OpenDescriptors.Now().Except(before)));
    }

    [Fact]
    public async Task A_grandchild_that_holds_the_pipes_does_not_hold_up_the_end_and_dies_with_its_group()
    {
        (ProcessExit exit, string? output, _) = await Shell.RunAsync("sleep 600 & echo $!; exit 5", environment: new() { ["PATH"] = "/usr/bin:/bin" });

        Assert.Equal(5, exit.ExitCode);
        int grandchild = int.Parse(output!);
        Assert.True(SpinWait.SpinUntil(() => !IsRunning(grandchild), Shell.Long));
    }

    [Fact]
    public async Task A_grandchild_outside_the_group_does_not_hold_up_the_end()
    {
        (ProcessExit exit, string? output, _) = await Shell.RunAsync("setsid sh -c 'echo $$; exec sleep 600' & sleep 0.3; exit 6", environment: new() { ["PATH"] = "/usr/bin:/bin" });

        Assert.Equal(6, exit.ExitCode);
        _ = Libc.kill(int.Parse(output!), Signals.Kill);
    }

    [Fact]
    public async Task A_child_that_heeds_sigterm_ends_by_it_and_is_not_killed()
    {
        RecordingLogger logger = new();
        WorkerProcess process = await Shell.StartAsync("trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done", logger, environment: new() { ["PATH"] = "/usr/bin:/bin" });
        await logger.WaitForAsync(e => e.Message.Contains("ready"));

        bool ended = await process.TerminateAsync(Shell.Long, TimeProvider.System, logger);

        Assert.True(ended);
        Assert.Equal(9, (await process.Exited).ExitCode);
        Assert.DoesNotContain(logger.Events, e => e.Level >= LogLevel.Warning);
        process.Channel.Dispose();
    }

    [Fact]
    public async Task What_not_even_sigkill_ends_is_left_alone_and_logged()
    {
        // Its end is seen by the process that was started, and never by this second look at it: so it looks like one that the kernel does not let go.
        RecordingLogger logger = new();
        WorkerProcess seen = await Shell.StartAsync("trap '' TERM; echo ready; while :; do sleep 0.05; done", logger, environment: new() { ["PATH"] = "/usr/bin:/bin" });
        await logger.WaitForAsync(e => e.Message.Contains("ready"));
        ManualTimeProvider clock = new();
        using SafeSocketHandle none = new();
        OutputDrain errors = new(-1, "stderr", new OutputLog(logger, seen.Pid, clock));
        ExitWatch blind = new(seen.Pid, Libc.PidfdOpen(seen.Pid), null, errors);
        WorkerProcess unkillable = new(seen.Pid, blind, null, errors, static _ => { }) { Channel = none };

        Task<bool> end = unkillable.TerminateAsync(TimeSpan.FromSeconds(3), clock, logger);
        await clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        bool killedEarly = seen.Exited.IsCompleted;
        clock.Advance(TimeSpan.FromSeconds(3));
        await logger.WaitForAsync(e => e.Id.Id == 5002);
        await clock.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.False(await end.WaitAsync(Shell.Long));
        Assert.False(killedEarly);
        Assert.Equal("SIGKILL", (await seen.Exited.WaitAsync(Shell.Long)).SignalName);
        Assert.Contains(logger.Events, e => e.Id.Id == 5003 && e.Level == LogLevel.Error && e.Message.Contains($"{seen.Pid}"));
        blind.Close();
        seen.Channel.Dispose();
    }

    [Fact]
    public async Task A_child_that_ignores_sigterm_is_killed()
    {
        RecordingLogger logger = new();
        WorkerProcess process = await Shell.StartAsync("trap '' TERM; echo ready; while :; do sleep 0.05; done", logger, environment: new() { ["PATH"] = "/usr/bin:/bin" });
        await logger.WaitForAsync(e => e.Message.Contains("ready"));

        bool ended = await process.TerminateAsync(TimeSpan.FromMilliseconds(200), TimeProvider.System, logger);

        Assert.True(ended);
        Assert.Equal("SIGKILL", (await process.Exited).SignalName);
        Assert.Contains(logger.Events, e => e.Id.Id == 5002);
        process.Channel.Dispose();
    }

    [Fact]
    public async Task A_kill_takes_the_grandchildren_too_that_left_the_group()
    {
        RecordingLogger logger = new();
        WorkerProcess process = await Shell.StartAsync(
            "setsid sh -c 'setsid sleep 1000 & echo pid $!; wait' & wait", logger, environment: new() { ["PATH"] = "/usr/bin:/bin" });
        LoggedEvent line = await logger.WaitForAsync(e => e.Message.Contains("pid "));
        int grandchild = int.Parse(line.Message[(line.Message.LastIndexOf(' ') + 1)..]);
        Assert.True(Eventually.IsRunning(grandchild));

        Assert.True(process.Kill());
        await process.Exited.WaitAsync(Shell.Long);

        Eventually.True(() => !Eventually.IsRunning(grandchild), "the grandchild has ended");
        process.Channel.Dispose();
    }

    [Fact]
    public async Task A_signal_after_the_end_reaches_nobody()
    {
        WorkerProcess process = await Shell.StartAsync("exit 0");
        await process.Exited.WaitAsync(Shell.Long);

        Assert.False(process.Signal(Signals.Terminate));
        Assert.False(process.Kill());
        process.Channel.Dispose();
    }

    private static bool IsRunning(int pid) => Eventually.IsRunning(pid);
}

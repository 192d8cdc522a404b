using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Telemetry.Recording;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Recording;

/// <summary>Against a real process that really dies.</summary>
public sealed class FlightRecorderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task After_kill_9_the_next_start_reads_what_every_thread_was_inside()
    {
        using Process victim = Start("block");
        Assert.Equal("ready", await victim.StandardOutput.ReadLineAsync());

        Assert.Empty(FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance));
        victim.Kill();
        await victim.WaitForExitAsync();

        AssertInsideInner(victim.Id);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("failfast")]
    [InlineData("overflow")]
    public async Task After_a_death_of_its_own_the_next_start_reads_the_innermost_method(string end)
    {
        using Process victim = Start(end);
        await victim.StandardError.ReadToEndAsync();
        await victim.WaitForExitAsync();

        Assert.NotEqual(0, victim.ExitCode);
        AssertInsideInner(victim.Id);
    }

    [Fact]
    public async Task A_dead_process_is_told_of_before_its_file_goes_by_what_names_it()
    {
        using Process victim = Start("block");
        Assert.Equal("ready", await victim.StandardOutput.ReadLineAsync());
        string file = Assert.Single(Directory.GetFiles(_folder.Path));
        victim.Kill();
        await victim.WaitForExitAsync();
        List<(DeadProcess Dead, bool HasFile)> told = [];

        FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance, dead => told.Add((dead, File.Exists(file))));

        (DeadProcess dead, bool hadFile) = Assert.Single(told);
        Assert.True(hadFile);
        Assert.False(File.Exists(file));
        Assert.Equal(Path.GetFileName(file), FlightFile.NameOf(new ProcessIdentity(dead.Pid, dead.StartTime)));
        Assert.Null(dead.End);
    }

    [Theory]
    [InlineData("exits", HostEnd.Exit)]
    [InlineData("throws", HostEnd.Exception)]
    public async Task A_process_that_exits_or_dies_of_an_exception_writes_down_which_thread_it_can_have_been(string end, HostEnd kind)
    {
        using Process victim = Start(end);
        await victim.StandardError.ReadToEndAsync();
        await victim.WaitForExitAsync();

        DeadProcess dead = Assert.Single(FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance));

        Assert.Equal((kind, null), (dead.End!.Kind, dead.End.Culprit));
        int thread = Assert.Single(dead.End.ThreadIds);
        Assert.Equal("Victim.Inner", Assert.Single(dead.Threads, t => t.ThreadId == thread).Innermost!.Method);
        Assert.Equal("Victim.Outer", Assert.Single(dead.Threads, t => t.ThreadId != thread).Innermost!.Method);
    }

    [Fact]
    public async Task An_orderly_end_leaves_nothing_behind()
    {
        using Process victim = Start("orderly");
        await victim.WaitForExitAsync();

        Assert.Equal(0, victim.ExitCode);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("linked")]
    [InlineData("restarted")]
    public async Task A_second_runtime_of_the_process_records_into_its_own_folder(string end)
    {
        using TempFolder second = new();
        using Process victim = Start(end, second.Path);
        Assert.Equal("ready", await victim.StandardOutput.ReadLineAsync());
        victim.Kill();
        await victim.WaitForExitAsync();

        DeadThread thread = Assert.Single(Assert.Single(FlightRecorder.ReadDead(second.Path, NullLogger.Instance)).Threads);

        Assert.Equal(new DeadCall("victim.plugin", "Victim.Outer", 7), thread.Innermost);
        Assert.Empty(FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_file_cut_anywhere_or_filled_with_garbage_is_read_as_far_as_it_goes_and_deleted()
    {
        using Process victim = Start("block");
        Assert.Equal("ready", await victim.StandardOutput.ReadLineAsync());
        victim.Kill();
        await victim.WaitForExitAsync();
        string file = Assert.Single(Directory.GetFiles(_folder.Path));
        byte[] whole = await File.ReadAllBytesAsync(file);
        Random random = new(1);

        int[] cuts = [0, 1, 7, 8, 100, 4095, 4096, 5000, .. Enumerable.Range(0, 20).Select(_ => random.Next(whole.Length))];
        foreach (int cut in cuts)
        {
            await File.WriteAllBytesAsync(file, whole[..cut]);
            ListLogger logger = new();

            IReadOnlyList<DeadProcess> dead = FlightRecorder.ReadDead(_folder.Path, logger);

            Assert.Equal(cut < 4096 ? 0 : 1, dead.Count);
            Assert.Equal(cut < 4096 ? 1 : 0, logger.Events.Count);
            Assert.False(File.Exists(file));
        }

        byte[] garbage = new byte[whole.Length];
        random.NextBytes(garbage);
        whole.AsSpan(0, 4096).CopyTo(garbage);
        await File.WriteAllBytesAsync(file, garbage);

        Assert.Empty(Assert.Single(FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance)).Threads);
    }

    [Fact]
    public async Task Calls_that_wait_for_something_are_told_apart_from_those_on_a_thread()
    {
        using Process victim = Start("waits");
        Assert.Equal("ready", await victim.StandardOutput.ReadLineAsync());
        victim.Kill();
        await victim.WaitForExitAsync();

        DeadProcess dead = Assert.Single(FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance));

        Assert.Empty(dead.Threads);
        Assert.Equal([new SuspendedCalls(new DeadCall("victim.plugin", "Victim.Inner", 7), 2)], dead.Suspended);
    }

    [Fact]
    public void A_link_or_a_pipe_in_a_flight_files_place_is_never_opened()
    {
        string pipe = _folder["flight-1-1.bin"];
        string link = _folder["flight-1-2.bin"];
        string other = _folder.Write("other", "of somebody else");
        using (Process made = Process.Start("mkfifo", [pipe]))
        {
            made.WaitForExit();
        }

        File.CreateSymbolicLink(link, other);
        ListLogger logger = new();

        IReadOnlyList<DeadProcess> dead = FlightRecorder.ReadDead(_folder.Path, logger);

        Assert.Empty(dead);
        Assert.Equal([10004, 10004], logger.Events.Select(e => e.Id.Id));
        Assert.Equal([other], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Files_of_living_processes_and_of_others_are_left_alone()
    {
        string own = _folder[FlightFile.NameOf(ProcessIdentity.Current()!.Value)];
        File.WriteAllText(own, "not a flight file");
        File.WriteAllText(_folder["flight-plan.bin"], "of somebody else");

        Assert.Empty(FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance));

        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void A_folder_that_is_not_there_holds_no_dead()
    {
        Assert.Empty(FlightRecorder.ReadDead(_folder["nothing"], NullLogger.Instance));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_a_reason_not_an_exception()
    {
        ListLogger logger = new();

        using FlightRecorder recorder = FlightRecorder.Open(_folder["nothing"], logger);

        Assert.False(recorder.IsAvailable);
        Assert.NotNull(recorder.UnavailableReason);
        Assert.Equal(10002, Assert.Single(logger.Events).Id.Id);
        recorder.Name(0, "a", "b", 1);
    }

    [Theory]
    [InlineData("1 (sh) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 99 1", 4711L)]
    [InlineData("1 (a) b) (c) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4712 99 1", 4712L)]
    [InlineData("1 (sh", null)]
    [InlineData("1 (sh) S 0", null)]
    public void A_start_time_is_found_behind_any_command_name(string stat, long? expected)
    {
        Assert.Equal(expected, ProcessIdentity.ParseStartTime(stat));
    }

    [Fact]
    public void A_name_that_would_act_on_a_terminal_or_break_a_file_is_escaped()
    {
        DeadCall? read = FlightFile.ReadName(FlightFile.WriteName(new DeadCall("a\u001b[31m", "B.C\nD", 1)));

        Assert.Equal(new DeadCall("a\\u001b[31m", "B.C\\nD", 1), read);
    }

    [Fact]
    public void A_name_too_long_for_its_entry_is_cut_at_a_whole_character()
    {
        DeadCall call = new(new string('é', 150), new string('m', 400), 3);

        DeadCall? read = FlightFile.ReadName(FlightFile.WriteName(call));

        Assert.Equal(new DeadCall(new string('é', 100), new string('m', 255), 3), read);
    }

    public void Dispose() => _folder.Dispose();

    private void AssertInsideInner(int pid)
    {
        DeadProcess dead = Assert.Single(FlightRecorder.ReadDead(_folder.Path, NullLogger.Instance));
        Assert.Equal(pid, dead.Pid);
        DeadThread thread = Assert.Single(dead.Threads);
        Assert.Equal(new DeadCall("victim.plugin", "Victim.Inner", 7), thread.Innermost);
        Assert.Equal(["Victim.Inner", "Victim.Outer"], thread.Inside.Select(call => call.Method).Order(StringComparer.Ordinal));
    }

    private Process Start(string end, params string[] more)
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])["exec", Path.Combine(AppContext.BaseDirectory, "FlightVictim.dll"), _folder.Path, end, .. more])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(start)!;
    }
}

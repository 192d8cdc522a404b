using System.Diagnostics;
using PluginHost.DumpReader;
using PluginHost.Runtime;
using PluginHost.Runtime.Processes;
using PluginHost.TestKit;

namespace PluginHost.Holders.Tests;

/// <summary>The reader as a program, and what is taken from its answer.</summary>
public sealed class HolderReadingTests
{
    private static readonly string[] s_noArguments = [];

    [Fact]
    public async Task The_reader_ends_when_whoever_asked_is_gone()
    {
        using TempFolder folder = new();
        using (Process pipe = Process.Start("mkfifo", folder["never"]))
        {
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        // Opening it waits for a writer that never comes.
        using Process reader = Start(["/bin/true", "1", folder["never"], "1000000", folder.Path, "60", "10"]);
        reader.StandardInput.Close();

        try
        {
            await reader.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
        finally
        {
            reader.Kill();
        }

        Assert.Equal(ExitCodes.HostGone, reader.ExitCode);
    }

    [Fact]
    public async Task The_reader_started_by_hand_says_what_it_is()
    {
        using Process reader = Start(s_noArguments);

        string errors = await reader.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

        await reader.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.BadArguments, reader.ExitCode);
        Assert.StartsWith("Says what holds load contexts of another process", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_dump_is_removed_and_said_to_be_none()
    {
        using TempFolder folder = new();
        string file = folder.Write("no.dmp", "no dump");
        using Process reader = Start(["/bin/true", "1", file, "1000000", folder.Path, "60", "10"]);

        string output = await reader.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        await reader.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Unreadable, reader.ExitCode);
        Assert.StartsWith("{\"refused\":\"The dump could not be read: ", output, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void Lines_go_to_the_context_that_they_are_about()
    {
        IReadOnlyList<IReadOnlyList<string>>? lines = HolderReading.Parse(
            """
            {"context":1,"kind":"timer","text":"a timer"}
            {"context":0,"kind":"thread","text":"a thread"}
            {"context":7,"kind":"thread","text":"nobody asked"}
            {"done":true,"cut":false}
            """,
            2);

        Assert.Equal([["a thread"], ["a timer"]], lines);
    }

    [Fact]
    public void A_search_that_ran_out_of_time_says_so_behind_what_it_found()
    {
        IReadOnlyList<IReadOnlyList<string>>? lines = HolderReading.Parse("""
            {"context":0,"kind":"thread","text":"a thread"}
            {"done":true,"cut":true}
            """, 1);

        Assert.Equal("a thread", lines![0][0]);
        Assert.StartsWith("The search ended before everything had been looked at", lines[0][1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"context":0,"kind":"thread","text":"a thread"}""")]
    [InlineData("""{"context":0,"kind":"thread","te""")]
    [InlineData("""{"kind":"thread","text":"a thread"}""")]
    [InlineData("[]")]
    public void An_answer_that_is_not_whole_is_none(string output)
    {
        Assert.Null(HolderReading.Parse(output, 1));
    }

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo(
        DotnetExecutable.FindForThisProcess(), ["exec", HolderReading.ProgramOf(new HolderOptions()), .. arguments])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}

using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fixtures.Leaks.Contract;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Holders.Tests.Support;
using PluginHost.Runtime;
using PluginHost.Runtime.InProcess;
using PluginHost.Runtime.Tiers;
using PluginHost.TestKit;

namespace PluginHost.Holders.Tests;

/// <summary>The search from outside: what it leaves behind, and what it says where it cannot be made.</summary>
public sealed class HolderSearchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Dumps => _folder["dumps"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Of_two_generations_of_a_plugin_each_is_told_its_own_holder()
    {
        List<HolderQuestion> questions = [];
        await using LeakyHost host = Asking(questions);
        InProcessInstance first = await host.RunAsync("task-delay");
        InProcessInstance second = await host.RunAsync("gc-handle");
        await first.ProveUnloadAsync(force: true, TestContext.Current.CancellationToken);
        await second.ProveUnloadAsync(force: true, TestContext.Current.CancellationToken);

        IReadOnlyList<string> ofSecond = await Search().NameAsync(questions[1], TestContext.Current.CancellationToken);
        IReadOnlyList<string> ofFirst = await Search().NameAsync(questions[0], TestContext.Current.CancellationToken);

        Assert.Equal("A GCHandle holds an object of Fixtures.Leaks.Person. Call Free on it in DisposeAsync.", LeakRun.Stable(Assert.Single(ofSecond)));
        Assert.StartsWith("A Task.Delay that has not ended is awaited by the async method Fixtures.Leaks.Waiting.DelayAsync.", Assert.Single(ofFirst), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_search_itself_keeps_nothing_of_the_plugin_and_leaves_no_dump()
    {
        Application.Cache.Clear();
        List<HolderQuestion> questions = [];
        await using LeakyHost host = Asking(questions);
        InProcessInstance instance = await host.RunAsync("application-cache");
        UnloadResult leaked = await instance.ProveUnloadAsync(force: true, TestContext.Current.CancellationToken);
        IReadOnlyList<string> lines = await Search().NameAsync(questions[0], TestContext.Current.CancellationToken);

        Application.Cache.Clear();
        UnloadResult gone = await instance.ProveUnloadAsync(force: true, TestContext.Current.CancellationToken);

        Assert.Equal((UnloadOutcome.Leaked, UnloadOutcome.Unloaded), (leaked.Outcome, gone.Outcome));
        Assert.Contains("Application.Cache", Assert.Single(lines), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Dumps));
    }

    [Fact]
    public async Task A_collection_with_very_many_objects_of_the_plugin_is_one_holder()
    {
        Application.Cache.Clear();
        List<HolderQuestion> questions = [];
        await using LeakyHost host = Asking(questions);
        InProcessInstance instance = await host.RunAsync("application-cache-of-many");
        await instance.ProveUnloadAsync(force: true, TestContext.Current.CancellationToken);

        IReadOnlyList<string> lines = await Search().NameAsync(questions[0], TestContext.Current.CancellationToken);

        Application.Cache.Clear();
        Assert.Contains("Application.Cache", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dump_is_for_its_owner_alone()
    {
        string modes = _folder["modes"];
        string writer = Script($"'{RealWriter}' \"$@\" && stat -c '%a' \"$3\" \"$(dirname \"$3\")\" > '{modes}' && stat -c '%s' \"$3\" > '{modes}.size'");

        await NameAsync(new HolderOptions { Writer = writer });

        Assert.Equal(["600", "700"], await File.ReadAllLinesAsync(modes, TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Dumps));

        // What is said of its size beforehand is about right.
        long size = long.Parse(await File.ReadAllTextAsync(modes + ".size", TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        Assert.InRange(size, HolderDump.Estimate() / 2, HolderDump.Estimate() * 2);
    }

    [Fact]
    public async Task A_dump_that_is_given_up_half_way_lets_the_process_go_on()
    {
        string line = await NameAsync(new HolderOptions { Patience = TimeSpan.FromMilliseconds(1) });

        Assert.StartsWith("What holds it could not be looked for: The dump took longer than it may.", line, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Dumps));
    }

    [Fact]
    public async Task A_process_that_is_too_large_says_both_sizes_and_is_not_dumped()
    {
        string line = await NameAsync(new HolderOptions { MostBytes = 1024 * 1024 });

        Assert.Matches(@"^What holds it could not be looked for: A dump of this process takes about \d+ MiB, and the limit is 1 MiB\. ", line);
        Assert.False(Directory.Exists(Dumps));
    }

    [Fact]
    public async Task A_dump_that_grows_above_the_limit_is_given_up_and_removed()
    {
        long limit = HolderDump.Estimate() * 2;
        string writer = Script($"truncate -s {(limit + 1).ToString(CultureInfo.InvariantCulture)} \"$3\"; sleep 60");

        string line = await NameAsync(new HolderOptions { Writer = writer, MostBytes = limit });

        Assert.Contains($"The dump grew to {limit / 1024 / 1024} MiB, and the limit is {limit / 1024 / 1024} MiB.", line, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Dumps));
    }

    [Fact]
    public async Task A_writer_that_is_refused_says_so_and_what_to_look_at()
    {
        string writer = Script("echo 'ptrace(ATTACH, 1234) FAILED Operation not permitted (1)' >&2; exit 1");

        string line = await NameAsync(new HolderOptions { Writer = writer });

        Assert.Matches(@"^What holds it could not be looked for: script-\w+ ended with exit code 1: ptrace\(ATTACH, 1234\) FAILED Operation not permitted \(1\)\. ", line);
        Assert.Contains("ptrace_scope", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_is_not_to_be_looked_into_says_so()
    {
        const int SetDumpable = 4;
        _ = Prctl(SetDumpable, 0, 0, 0, 0);
        string line;
        try
        {
            line = await NameAsync(new HolderOptions());
        }
        finally
        {
            _ = Prctl(SetDumpable, 1, 0, 0, 0);
        }

        Assert.Contains("The system lets nobody look into this process", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_that_takes_too_long_is_given_up_and_leaves_no_dump()
    {
        string writer = Script("echo half > \"$3\"; sleep 60");

        string line = await NameAsync(new HolderOptions { Writer = writer, Patience = TimeSpan.FromSeconds(1) });

        Assert.StartsWith("What holds it could not be looked for: The dump took longer than it may.", line, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Dumps));
    }

    [Fact]
    public async Task A_damaged_dump_says_that_it_could_not_be_read_and_is_removed()
    {
        string line = await NameAsync(new HolderOptions { Writer = Script("echo garbage > \"$3\"") });

        Assert.StartsWith("What holds it could not be looked for: The dump could not be read: ", line, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Dumps));
    }

    [Fact]
    public async Task Programs_that_are_not_there_are_named()
    {
        string noWriter = await NameAsync(new HolderOptions { Writer = "/nowhere/createdump" });
        string noReader = await NameAsync(new HolderOptions { Writer = Script("echo > \"$3\""), Reader = "/nowhere/reader.dll" });

        Assert.Contains("'/nowhere/createdump' is not there", noWriter, StringComparison.Ordinal);
        Assert.Contains("'/nowhere/reader.dll' is not there", noReader, StringComparison.Ordinal);
    }

    [Fact]
    public void Dumps_of_a_host_that_was_killed_are_removed_at_the_next_start()
    {
        string left = _folder.Write("dumps/1-1.dmp", "left");

        _ = Search();

        Assert.False(File.Exists(left));
    }

    [Fact]
    public void Options_report_all_problems_at_once()
    {
        HolderOptions options = new() { Patience = TimeSpan.Zero, MostBytes = 0 };

        Assert.Equal(2, options.Validate().Count);
        Assert.Throws<ArgumentException>(() => new HolderSearch(Dumps, options, TimeProvider.System, NullLogger.Instance));
    }

    private static string RealWriter => Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "createdump");

    [DllImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Prctl(int option, nint first, nint second, nint third, nint fourth);

    private static LeakyHost Asking(List<HolderQuestion> questions) => new((question, _) =>
    {
        questions.Add(question);
        return Task.FromResult<IReadOnlyList<string>>([]);
    });

    private HolderSearch Search(HolderOptions? options = null) => new(Dumps, options ?? new HolderOptions { Patience = TimeSpan.FromMinutes(1) }, TimeProvider.System, NullLogger.Instance);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<string> NameAsync(HolderOptions options)
    {
        List<HolderQuestion> questions = [];
        await using LeakyHost host = Asking(questions);
        InProcessInstance instance = await host.RunAsync("gc-handle");
        await instance.ProveUnloadAsync(force: true, TestContext.Current.CancellationToken);
        return Assert.Single(await Search(options).NameAsync(questions[0], TestContext.Current.CancellationToken));
    }

    private string Script(string body)
    {
        string path = _folder.Write($"script-{Guid.NewGuid():N}", $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}

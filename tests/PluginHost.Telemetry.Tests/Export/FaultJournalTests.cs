using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Telemetry.Export;
using PluginHost.Telemetry.Recording;
using PluginHost.Telemetry.Tests.Support;
using PluginHost.TestKit;
using Xunit;

namespace PluginHost.Telemetry.Tests.Export;

public sealed class FaultJournalTests : IDisposable
{
    private static readonly RestartRecord s_restart = new(
        new DateTimeOffset(2026, 1, 1, 0, 0, 1, TimeSpan.Zero), "p", PluginTier.Process, "crash", 1, 2, 45.5);

    private readonly TempFolder _folder = new();
    private readonly ListLogger _logger = new();

    private string Current => _folder["faults.jsonl"];

    [Fact]
    public async Task Faults_and_restarts_read_back_as_they_were()
    {
        FaultRecord fault = Faults.Of("p", "quotes \" and \n and 漢") with { ExitCode = 134, Signal = "SIGABRT", StderrTail = "a\nb", Count = 7 };

        await Append(new FaultEvent(fault), new RestartEvent(s_restart), new LifecycleEvent(fault.At, "p", null, "Ready", 1, null));

        JournalContents read = FaultJournal.Read(_folder.Path);
        Assert.Equal(fault, Assert.Single(read.Faults));
        Assert.Equal(s_restart, Assert.Single(read.Restarts));
        Assert.Equal(0, read.Skipped);
    }

    [Fact]
    public async Task Cut_at_any_byte_every_whole_entry_is_read_and_a_partial_one_is_counted()
    {
        await AppendNumbered(0, 4);
        byte[] whole = await File.ReadAllBytesAsync(Current);
        for (int cut = 0; cut <= whole.Length; cut++)
        {
            await File.WriteAllBytesAsync(Current, whole[..cut]);

            JournalContents read = FaultJournal.Read(_folder.Path);

            int ends = whole.AsSpan(0, cut).Count((byte)'\n');

            // A line is whole one byte before its line feed.
            bool isWhole = cut < whole.Length && whole[cut] == '\n';
            bool isPartial = cut > 0 && whole[cut - 1] != '\n' && !isWhole;
            Assert.Equal(Enumerable.Range(0, ends + (isWhole ? 1 : 0)).Select(Numbered), read.Faults);
            Assert.Equal(isPartial ? 1 : 0, read.Skipped);
        }
    }

    [Fact]
    public async Task Appending_after_a_cut_at_any_byte_never_merges_two_entries()
    {
        await AppendNumbered(0, 2);
        byte[] whole = await File.ReadAllBytesAsync(Current);
        int first = whole.AsSpan().IndexOf((byte)'\n') + 1;
        for (int cut = first; cut <= whole.Length; cut++)
        {
            await File.WriteAllBytesAsync(Current, whole[..cut]);

            await AppendNumbered(9, 1);

            IEnumerable<FaultRecord> expected = cut >= whole.Length - 1 ? [Numbered(0), Numbered(1), Numbered(9)] : [Numbered(0), Numbered(9)];
            JournalContents read = FaultJournal.Read(_folder.Path);
            Assert.Equal(expected, read.Faults);
            Assert.Equal(cut == first || cut >= whole.Length - 1 ? 0 : 1, read.Skipped);
        }
    }

    [Fact]
    public async Task Foreign_lines_are_counted_and_passed_over()
    {
        await AppendNumbered(0, 1);
        await File.AppendAllTextAsync(Current, "\0\0\0\0\n{}\nnull\n[1]\n{\"fault\":{\"message\":\"half\"}}\n\n" + new string('x', 300_000) + "\n");
        await AppendNumbered(1, 1);

        JournalContents read = FaultJournal.Read(_folder.Path);

        Assert.Equal([Numbered(0), Numbered(1)], read.Faults);
        Assert.Equal(6, read.Skipped);
    }

    [Fact]
    public async Task A_full_file_becomes_the_previous_one_and_the_disk_holds_at_most_two()
    {
        await using (FaultJournal journal = new(_folder.Path, new FaultJournalOptions { MaxBytes = 64 * 1024 }, _logger))
        {
            for (int i = 0; i < 200; i++)
            {
                journal.Append(new FaultEvent(Faults.Of("p", $"number {i}") with { RemoteStack = new string('s', 2000) }));
                await journal.FlushAsync(CancellationToken.None);
            }
        }

        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
        Assert.All(Directory.GetFiles(_folder.Path), file => Assert.True(new FileInfo(file).Length <= 64 * 1024));
        JournalContents read = FaultJournal.Read(_folder.Path);
        Assert.Equal(Enumerable.Range(200 - read.Faults.Count, read.Faults.Count).Select(i => $"number {i}"), read.Faults.Select(fault => fault.Message));
    }

    [Fact]
    public async Task A_disk_that_fails_is_logged_once_and_counted_and_the_journal_goes_on_when_it_is_back()
    {
        // A folder in the file's place fails for root as well.
        Directory.CreateDirectory(Current);
        await using FaultJournal journal = new(_folder.Path, new FaultJournalOptions(), _logger);
        journal.Append(new RestartEvent(s_restart));
        journal.Append(new RestartEvent(s_restart));
        await journal.FlushAsync(CancellationToken.None);

        Assert.Equal(2, journal.WriteFailures);
        Assert.Equal(10100, Assert.Single(_logger.Events).Id.Id);

        Directory.Delete(Current);
        journal.Append(new RestartEvent(s_restart));
        await journal.FlushAsync(CancellationToken.None);

        Assert.Single(FaultJournal.Read(_folder.Path).Restarts);
    }

    [Fact]
    public async Task A_disposed_journal_counts_what_it_is_given()
    {
        FaultJournal journal = new(_folder.Path, new FaultJournalOptions(), _logger);
        await journal.DisposeAsync();
        await journal.DisposeAsync();

        journal.Append(new RestartEvent(s_restart));
        await journal.FlushAsync(CancellationToken.None);

        Assert.Equal(1, journal.Dropped);
    }

    [Fact]
    public void A_folder_without_a_journal_reads_as_empty()
    {
        JournalContents read = FaultJournal.Read(_folder["nothing"]);

        Assert.Equal((0, 0, 0), (read.Faults.Count, read.Restarts.Count, read.Skipped));
    }

    [Fact]
    public async Task A_journal_is_readable_by_its_user_alone()
    {
        await AppendNumbered(0, 1);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Current));
        }
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Equal(2, new FaultJournalOptions { MaxBytes = 1, QueueLength = 0 }.Validate().Count);
        Assert.Throws<ArgumentException>(() => new FaultJournal(_folder.Path, new FaultJournalOptions { MaxBytes = 1 }, NullLogger.Instance));
    }

    public void Dispose() => _folder.Dispose();

    private static FaultRecord Numbered(int number) => Faults.Of("p", $"number {number} é");

    private Task AppendNumbered(int first, int count) =>
        Append([.. Enumerable.Range(first, count).Select(number => new FaultEvent(Numbered(number)))]);

    private async Task Append(params PluginEvent[] events)
    {
        await using FaultJournal journal = new(_folder.Path, new FaultJournalOptions(), _logger);
        Array.ForEach(events, journal.Append);
    }
}

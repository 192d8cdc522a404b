using PluginHost.TestKit;
using Samples.Notes;

namespace Samples.Tests.Notes;

public sealed class NoteFilesTests
{
    [Fact]
    public async Task Opening_removes_what_a_crash_left_an_hour_ago_and_nothing_younger()
    {
        using TempFolder folder = new();
        string left = folder.Write("old.unfinished", "half");
        string young = folder.Write("young.unfinished", "being written");
        ManualTimeProvider clock = new();
        File.SetLastWriteTimeUtc(left, clock.GetUtcNow().UtcDateTime.AddMinutes(-61));
        File.SetLastWriteTimeUtc(young, clock.GetUtcNow().UtcDateTime.AddMinutes(-59));
        NoteFiles files = new(folder.Path, clock);
        await files.WriteAsync("k", "x", TestContext.Current.CancellationToken);

        int notes = files.Open();

        Assert.Equal(1, notes);
        Assert.False(File.Exists(left));
        Assert.True(File.Exists(young));
    }

    [Fact]
    public void Files_that_are_no_notes_are_not_listed()
    {
        using TempFolder folder = new();
        folder.Write("UPPER.note", "");
        folder.Write("bad~4.note", "");
        folder.Write("bad~zz.note", "");
        folder.Write(".note", "");
        folder.Write("good.note", "");
        folder.Write("other.txt", "");

        Assert.Equal(["good"], new NoteFiles(folder.Path, new ManualTimeProvider()).Keys(""));
    }
}

namespace PluginHost.Runtime.Tests;

/// <summary>What a watch makes of what it sees of one folder: each is seen twice alike before anything comes of it.</summary>
public sealed class WatchedFolderTests
{
    private static readonly FolderStamp s_one = new(1, 10);
    private readonly WatchedFolder _folder = new() { Taken = s_one };

    [Fact]
    public void Another_manifest_is_taken_once_nothing_changes_any_more()
    {
        Assert.Equal(
            [FolderVerdict.None, FolderVerdict.None, FolderVerdict.None, FolderVerdict.Take, FolderVerdict.None, FolderVerdict.None],
            Looks(new(2, 20), null, new(2, 21), new(2, 21), new(2, 21), new(2, 21)));
        Assert.Null(_folder.ChangedAt);
    }

    [Fact]
    public void Other_files_alone_await_the_manifest_unless_the_folder_could_not_be_taken()
    {
        Assert.Equal(FolderVerdict.AwaitsManifest, Looks(new(1, 11), new(1, 11))[1]);

        _folder.HasFailed = true;

        Assert.Equal(FolderVerdict.Take, Looks(new(1, 11), new(1, 11))[1]);
        Assert.False(_folder.HasFailed);
    }

    [Fact]
    public void A_manifest_that_is_no_more_is_told_once()
    {
        Assert.Equal(
            [FolderVerdict.None, FolderVerdict.Gone, FolderVerdict.None, FolderVerdict.None],
            Looks(new(0, 5), new(0, 5), default(FolderStamp), default(FolderStamp)));
    }

    [Fact]
    public void A_manifest_that_comes_back_at_once_is_no_more_than_a_change()
    {
        Assert.Equal([FolderVerdict.None, FolderVerdict.None, FolderVerdict.Take], Looks(new(0, 5), new(3, 10), new(3, 10)));
    }

    private FolderVerdict[] Looks(params FolderStamp?[] seen) => [.. seen.Select(s => _folder.Look(s, now: 1))];
}

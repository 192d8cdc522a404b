using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using PluginHost.TestKit;

namespace PluginHost.Runtime.Tests;

/// <summary>A watch over real folders. That something is not taken is seen from what comes after it.</summary>
public sealed class FolderWatchTests : IAsyncDisposable
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(100);
    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<string> _taken = [];
    private readonly ConcurrentQueue<string> _gone = [];
    private readonly ListLogger _log = new();
    private FolderWatch? _watch;
    private volatile bool _canTake = true;
    private volatile Func<Task<bool>>? _onTake;

    public FolderWatchTests() => _folder.Folder("plugins");

    [Fact]
    public async Task A_folder_is_taken_once_its_manifest_is_written()
    {
        Lay("a");
        Watch();

        _folder.Write("plugins/a/A.dll", "two");
        _folder.Write("plugins/a/plugin.json", "two");

        await UntilTakenAsync("a");
    }

    [Fact]
    public async Task Other_files_alone_are_not_taken_and_the_log_says_what_is_missing()
    {
        Lay("a");
        Lay("b");
        Watch();

        _folder.Write("plugins/a/A.dll", "two");
        await UntilAsync(() => _log.Messages(LogLevel.Information).Any(m => m.Contains("Write plugin.json last", StringComparison.Ordinal)));
        _folder.Write("plugins/b/plugin.json", "two");

        await UntilTakenAsync("b");
    }

    [Fact]
    public async Task A_copy_that_writes_the_manifest_first_is_taken_when_nothing_changes_any_more()
    {
        ManualTimeProvider clock = new();
        Lay("a");
        Watch(clock);

        _folder.Write("plugins/a/plugin.json", "two");
        for (int length = 1; length <= 30; length++)
        {
            // Longer each time: two writes may fall into one tick of the file system's clock.
            _folder.Write("plugins/a/A.dll", new string('x', length));
            clock.Advance(s_quiet / 5);
            await Task.Delay(10, TestContext.Current.CancellationToken);
            Assert.Empty(_taken);
        }

        await UntilAsync(() =>
        {
            clock.Advance(s_quiet / 5);
            return !_taken.IsEmpty;
        });
        Assert.Equal(["a"], _taken);
    }

    [Fact]
    public async Task A_folder_that_is_renamed_into_its_place_is_taken()
    {
        Lay("a");
        string next = _folder.Folder("next");
        _folder.Write("next/plugin.json", "two");
        File.SetLastWriteTimeUtc(Path.Combine(next, "plugin.json"), File.GetLastWriteTimeUtc(_folder["plugins", "a", "plugin.json"]));
        Watch();

        Directory.Move(_folder["plugins", "a"], _folder["old"]);
        Directory.Move(next, _folder["plugins", "a"]);

        await UntilTakenAsync("a");
    }

    [Fact]
    public async Task An_editor_that_writes_beside_and_renames_makes_one_reload()
    {
        Lay("a");
        Lay("b");
        Watch();

        _folder.Write("plugins/a/.plugin.json.swp", "swap");
        _folder.Write("plugins/a/4913", "");
        File.Delete(_folder["plugins", "a", "4913"]);
        File.Move(_folder["plugins", "a", "plugin.json"], _folder["plugins", "a", "plugin.json~"]);
        _folder.Write("plugins/a/plugin.json", "two");
        File.Delete(_folder["plugins", "a", "plugin.json~"]);
        File.Delete(_folder["plugins", "a", ".plugin.json.swp"]);
        await UntilTakenAsync("a");
        _folder.Write("plugins/b/plugin.json", "two");

        await UntilTakenAsync("a", "b");
    }

    [Fact]
    public async Task What_could_not_be_taken_is_tried_again_when_anything_changes()
    {
        Lay("a");
        Watch();
        _canTake = false;
        _folder.Write("plugins/a/plugin.json", "two");
        await UntilTakenAsync("a");
        _canTake = true;

        _folder.Write("plugins/a/Missing.dll", "here");

        await UntilTakenAsync("a", "a");
    }

    [Fact]
    public async Task What_changed_while_it_could_not_be_taken_is_tried_too()
    {
        Lay("a");
        TaskCompletionSource<bool> first = new();
        Watch(folder => _taken.Count == 1 ? first.Task : Task.FromResult(true));
        _folder.Write("plugins/a/plugin.json", "two");
        await UntilTakenAsync("a");

        _folder.Write("plugins/a/Missing.dll", "here");
        await UntilAsync(() => _log.Messages(LogLevel.Information).Any(m => m.Contains("Write plugin.json last", StringComparison.Ordinal)));
        first.SetResult(false);

        await UntilTakenAsync("a", "a");
    }

    [Fact]
    public async Task A_folder_that_goes_and_one_that_comes_are_no_trouble()
    {
        Lay("a");
        Lay("b");
        Watch();

        Directory.Delete(_folder["plugins", "a"], recursive: true);
        Lay("c");
        await UntilTakenAsync("c");
        _folder.Write("plugins/b/plugin.json", "two");

        await UntilTakenAsync("c", "b");
        await UntilAsync(() => !_gone.IsEmpty);
        Assert.Equal(["a"], _gone);
    }

    [Fact]
    public async Task What_could_not_be_taken_at_the_start_is_tried_when_anything_in_it_changes()
    {
        Lay("a");
        Watch(untaken: "a");

        _folder.Write("plugins/a/Missing.dll", "here");

        await UntilTakenAsync("a");
    }

    [Fact]
    public async Task What_changes_while_a_folder_is_tried_in_vain_is_tried_too()
    {
        Lay("a");
        Watch();
        TaskCompletionSource<bool> first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _onTake = () => first.Task;
        _folder.Write("plugins/a/plugin.json", "two");
        await UntilTakenAsync("a");
        _onTake = null;

        _folder.Write("plugins/a/Missing.dll", "here");
        await UntilAsync(() => _log.Messages(LogLevel.Information).Any(m => m.Contains("Write plugin.json last", StringComparison.Ordinal)));
        first.SetResult(false);

        await UntilTakenAsync("a", "a");
    }

    [Fact]
    public async Task What_could_not_be_taken_is_tried_again_when_another_has_gone_that_was_in_its_way()
    {
        Lay("a");
        Lay("b");
        Watch(untaken: "b");

        Directory.Delete(_folder["plugins", "a"], recursive: true);

        await UntilTakenAsync("b");
        Assert.Equal(["a"], _gone);
    }

    [Fact]
    public async Task A_plain_file_beside_the_folders_is_no_trouble()
    {
        Lay("a");
        Watch();

        _folder.Write("plugins/README.md", "text");
        _folder.Write("plugins/a/plugin.json", "two");

        await UntilTakenAsync("a");
        Assert.Equal(FolderStamp.Of(_folder["plugins", "README.md"]), default(FolderStamp));
    }

    [Fact]
    public void A_stamp_sees_another_file_in_a_files_place()
    {
        Lay("a");
        string file = _folder["plugins", "a", "plugin.json"];
        FolderStamp? before = FolderStamp.Of(_folder["plugins", "a"]);
        DateTime written = File.GetLastWriteTimeUtc(file);

        File.Delete(file);
        _folder.Write("plugins/a/plugin.json", "one");
        File.SetLastWriteTimeUtc(file, written);
        FolderStamp? after = FolderStamp.Of(_folder["plugins", "a"]);

        Assert.NotEqual(before, after);
        Assert.Equal(after, FolderStamp.Of(_folder["plugins", "a"]));
        Assert.Equal(default(FolderStamp), FolderStamp.Of(_folder["plugins", "none"]));
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null)
        {
            await _watch.DisposeAsync();
        }

        _folder.Dispose();
    }

    private void Lay(string id)
    {
        _folder.Write($"plugins/{id}/A.dll", "one");
        _folder.Write($"plugins/{id}/plugin.json", "one");
    }

    private void Watch(params string[] untaken) => Watch(null, null, untaken);

    private void Watch(TimeProvider clock) => Watch(clock, null, []);

    private void Watch(Func<string, Task<bool>> take) => Watch(null, take, []);

    private void Watch(TimeProvider? clock, Func<string, Task<bool>>? take, string[] untaken)
    {
        _watch = new FolderWatch(
            _folder["plugins"],
            s_quiet,
            5 * s_quiet,
            folder =>
            {
                _taken.Enqueue(Path.GetFileName(folder));
                return take?.Invoke(folder) ?? _onTake?.Invoke() ?? Task.FromResult(_canTake);
            },
            folder =>
            {
                _gone.Enqueue(Path.GetFileName(folder));
                return Task.CompletedTask;
            },
            clock ?? TimeProvider.System,
            _log);
        _watch.Start([.. untaken.Select(id => _folder["plugins", id])]);
    }

    private async Task UntilTakenAsync(params string[] expected)
    {
        await UntilAsync(() => _taken.Count >= expected.Length);
        Assert.Equal(expected, _taken);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (long began = Stopwatch.GetTimestamp(); !condition();)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "What was waited for did not happen.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}

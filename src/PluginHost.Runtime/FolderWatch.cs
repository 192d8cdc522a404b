using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime;

/// <summary>
/// Watches the subfolders of a plugins directory. One is taken when its <c>plugin.json</c> was written or replaced and then nothing in it has
/// changed for a while: copies that are under way, renamed folders and editors' temporary files come and go before. One is told gone when it has had
/// none for a while. What could not be taken is tried again when anything in the folder changes, or another was taken or has gone that may have been in its
/// way. The system tells of changes, not of all: the manifests are looked at now and then as well. Thread-safe.
/// </summary>
internal sealed class FolderWatch : IAsyncDisposable
{
    private readonly string _directory;
    private readonly TimeSpan _quiet;
    private readonly TimeSpan _look;
    private readonly Func<string, Task<bool>> _take;
    private readonly Func<string, Task> _gone;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<News> _notes = Channel.CreateUnbounded<News>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, WatchedFolder> _folders = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly FileSystemWatcher _watcher;
    private Task _loop = Task.CompletedTask;

    /// <summary>Begins to notice changes; <see cref="Start"/> begins to act on them.</summary>
    /// <param name="directory">The plugins directory, a full path.</param>
    /// <param name="quiet">How long nothing must have changed; a folder is looked at twice, that far apart.</param>
    /// <param name="look">How often the manifests are looked at, whatever the system tells.</param>
    /// <param name="take">Takes a folder, a full path; false where it could not.</param>
    /// <param name="gone">Told of a folder that holds no plugin any more.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log.</param>
    public FolderWatch(
        string directory, TimeSpan quiet, TimeSpan look, Func<string, Task<bool>> take, Func<string, Task> gone, TimeProvider clock, ILogger logger)
    {
        _directory = directory;
        _quiet = quiet;
        _look = look;
        _take = take;
        _gone = gone;
        _clock = clock;
        _logger = logger;
        _watcher = new FileSystemWatcher(directory)
        {
            IncludeSubdirectories = true,
            InternalBufferSize = 64 * 1024,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.CreationTime,
        };
        _watcher.Changed += (_, change) => Note(change.Name);
        _watcher.Created += (_, change) => Note(change.Name);
        _watcher.Deleted += (_, change) => Note(change.Name);
        _watcher.Renamed += (_, change) =>
        {
            Note(change.OldName);
            Note(change.Name);
        };
        _watcher.Error += (_, lost) =>
        {
            Log.WatchLost(_logger, _directory, lost.GetException().Message);
            NoteAll();
        };
        try
        {
            _watcher.EnableRaisingEvents = true;
        }
        catch (IOException exhausted)
        {
            // The system has no room for another watch.
            Log.WatchPolls(_logger, _directory, exhausted.Message, _look.TotalSeconds);
        }

        foreach (string folder in Subfolders())
        {
            FolderStamp stamp = FolderStamp.Of(folder) ?? default;
            _folders[folder] = new WatchedFolder { Taken = stamp };
        }
    }

    /// <summary>The folders that it knows. Before <see cref="Start"/> only.</summary>
    public IReadOnlyCollection<string> Folders => _folders.Keys;

    /// <summary>Begins to act. Call once.</summary>
    /// <param name="untaken">Folders that could not be taken when they were read first.</param>
    public void Start(IEnumerable<string> untaken)
    {
        foreach (string folder in untaken)
        {
            Of(folder).HasFailed = true;
        }

        _loop = Task.Run(RunAsync);
    }

    /// <summary>Ends; what is being taken is not waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _watcher.Dispose();
        _notes.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        _closing.Dispose();
    }

    private void Note(string? path)
    {
        string? name = path?.Split(Path.DirectorySeparatorChar, 2)[0];
        if (!string.IsNullOrEmpty(name) && name[0] != '.')
        {
            _notes.Writer.TryWrite(new News(Path.Combine(_directory, name), null));
        }
    }

    private void NoteAll()
    {
        foreach (string folder in Subfolders())
        {
            _notes.Writer.TryWrite(new News(folder, null));
        }
    }

    private IEnumerable<string> Subfolders()
    {
        try
        {
            return [.. Directory.EnumerateDirectories(_directory).Where(f => Path.GetFileName(f)[0] != '.')];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            Log.WatchLost(_logger, _directory, gone.Message);
            return [];
        }
    }

    private async Task RunAsync()
    {
        long looked = _clock.GetTimestamp();
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                looked = LookAround(looked);
            }
            catch (Exception failed)
            {
                // A defect, or a system that gives up: the watch goes on, and the host that stops it does not fail for it.
                Log.WatchFailed(_logger, _directory, failed);
                looked = _clock.GetTimestamp();
            }

            TimeSpan untilLook = _look - _clock.GetElapsedTime(looked);
            TimeSpan next = _folders.Values.Min(f => f.Left(_clock, _quiet)) is { } due && due < untilLook ? due : untilLook > TimeSpan.Zero ? untilLook : TimeSpan.Zero;
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
            Task more = _notes.Reader.WaitToReadAsync(either.Token).AsTask();
            await Task.WhenAny(more, Task.Delay(next, _clock, either.Token)).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One round; gives when the manifests were looked at last.</summary>
    private long LookAround(long looked)
    {
        foreach (string settled in _folders.Where(f => f.Value.IsDue(_clock, _quiet)).Select(f => f.Key).ToArray())
        {
            Look(settled, _folders[settled]);
        }

        while (_notes.Reader.TryRead(out News note))
        {
            Take(note);
        }

        if (_clock.GetElapsedTime(looked) < _look)
        {
            return looked;
        }

        LookAtManifests();
        return _clock.GetTimestamp();
    }

    private void Take(News note)
    {
        if (note.Taken is not { } taken)
        {
            Of(note.Folder).ChangedAt = _clock.GetTimestamp();
        }
        else if (taken)
        {
            LookAtFailed(note.Folder);
        }
        else if (_folders.TryGetValue(note.Folder, out WatchedFolder? watched))
        {
            // Something may have changed while it was tried.
            watched.HasFailed = true;
            watched.ChangedAt = _clock.GetTimestamp();
        }
    }

    // They are tried once more as they are: what was in their way may be so no longer.
    private void LookAtFailed(string butFor)
    {
        foreach (WatchedFolder failed in _folders.Where(f => f.Value.HasFailed && f.Key != butFor).Select(f => f.Value))
        {
            failed.Taken = default;
            failed.ChangedAt = _clock.GetTimestamp();
        }
    }

    private void LookAtManifests()
    {
        foreach (string folder in Subfolders().Union(_folders.Keys).ToArray())
        {
            WatchedFolder watched = Of(folder);
            try
            {
                if (watched.ChangedAt is null && FolderStamp.ManifestOf(folder) != watched.Taken.Manifest)
                {
                    watched.ChangedAt = _clock.GetTimestamp();
                }
            }
            catch (Exception changing) when (changing is IOException or UnauthorizedAccessException)
            {
                Log.WatchLost(_logger, folder, changing.Message);
                watched.ChangedAt = _clock.GetTimestamp();
            }
        }
    }

    private WatchedFolder Of(string folder)
    {
        if (!_folders.TryGetValue(folder, out WatchedFolder? watched))
        {
            _folders.Add(folder, watched = new WatchedFolder());
        }

        return watched;
    }

    private void Look(string folder, WatchedFolder watched)
    {
        FolderStamp? seen = FolderStamp.Of(folder);
        switch (watched.Look(seen, _clock.GetTimestamp()))
        {
            case FolderVerdict.Take:
                _ = TakeAsync(folder);
                break;

            case FolderVerdict.Gone:
                _ = TellGoneAsync(folder);
                break;

            case FolderVerdict.AwaitsManifest:
                Log.ManifestAwaited(_logger, folder);
                break;
        }

        if (watched.ChangedAt is null && seen == default(FolderStamp))
        {
            // Not even a folder: names come and go, and are not kept.
            _folders.Remove(folder);
        }
    }

    private async Task TellGoneAsync(string folder)
    {
        try
        {
            await _gone(folder).ConfigureAwait(false);
        }
        catch (Exception failed)
        {
            Log.TakeFailed(_logger, folder, failed);
        }

        _notes.Writer.TryWrite(new News(folder, true));
    }

    private async Task TakeAsync(string folder)
    {
        bool taken = false;
        try
        {
            taken = await _take(folder).ConfigureAwait(false);
        }
        catch (Exception failed)
        {
            Log.TakeFailed(_logger, folder, failed);
        }

        _notes.Writer.TryWrite(new News(folder, taken));
    }

    /// <summary>A folder in which something changed, or what became of one.</summary>
    private readonly record struct News(string Folder, bool? Taken);
}

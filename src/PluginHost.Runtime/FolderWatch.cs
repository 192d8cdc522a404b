using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime;

/// <summary>
/// Watches the subfolders of a plugins directory. One is taken when its <c>plugin.json</c> was written or replaced and then nothing in it has
/// changed for a while: copies that are under way, renamed folders and editors' temporary files come and go before. What could not be taken is tried again when
/// anything in the folder changes. The system tells of changes, not of all: the manifests are looked at now and then as well. Thread-safe.
/// </summary>
internal sealed class FolderWatch : IAsyncDisposable
{
    private readonly string _directory;
    private readonly TimeSpan _quiet;
    private readonly TimeSpan _look;
    private readonly Func<string, Task<bool>> _take;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<News> _notes = Channel.CreateUnbounded<News>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, Watched> _folders = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly FileSystemWatcher _watcher;
    private Task _loop = Task.CompletedTask;

    /// <summary>Begins to notice changes; <see cref="Start"/> begins to act on them.</summary>
    /// <param name="directory">The plugins directory, a full path.</param>
    /// <param name="quiet">How long nothing must have changed; a folder is looked at twice, that far apart.</param>
    /// <param name="look">How often the manifests are looked at, whatever the system tells.</param>
    /// <param name="take">Takes a folder, a full path; false where it could not.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="IOException">The system watches no more folders.</exception>
    public FolderWatch(string directory, TimeSpan quiet, TimeSpan look, Func<string, Task<bool>> take, TimeProvider clock, ILogger logger)
    {
        _directory = directory;
        _quiet = quiet;
        _look = look;
        _take = take;
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
        _watcher.EnableRaisingEvents = true;
        foreach (string folder in Subfolders())
        {
            FolderStamp stamp = FolderStamp.Of(folder) ?? default;
            _folders[folder] = new Watched { Taken = stamp };
        }
    }

    /// <summary>Begins to act. Call once.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

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
            foreach (string settled in _folders.Where(f => f.Value.IsDue(_clock, _quiet)).Select(f => f.Key).ToArray())
            {
                Look(settled, _folders[settled]);
            }

            while (_notes.Reader.TryRead(out News note))
            {
                Take(note);
            }

            if (_clock.GetElapsedTime(looked) >= _look)
            {
                looked = _clock.GetTimestamp();
                LookAtManifests();
            }

            TimeSpan untilLook = _look - _clock.GetElapsedTime(looked);
            TimeSpan next = _folders.Values.Min(f => f.Left(_clock, _quiet)) is { } due && due < untilLook ? due : untilLook > TimeSpan.Zero ? untilLook : TimeSpan.Zero;
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
            Task more = _notes.Reader.WaitToReadAsync(either.Token).AsTask();
            await Task.WhenAny(more, Task.Delay(next, _clock, either.Token)).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
        }
    }

    private void Take(News note)
    {
        Watched watched = Of(note.Folder);
        if (note.Taken is { } taken)
        {
            watched.HasFailed = !taken;
            if (taken)
            {
                return;
            }

            // What changed while it was being taken has been looked at already, before anybody knew that it is to be tried again.
        }

        watched.ChangedAt = _clock.GetTimestamp();
    }

    private void LookAtManifests()
    {
        foreach (string folder in Subfolders())
        {
            Watched watched = Of(folder);
            try
            {
                if (watched.ChangedAt is null && FolderStamp.ManifestOf(folder) != watched.Taken.Manifest)
                {
                    watched.ChangedAt = _clock.GetTimestamp();
                }
            }
            catch (IOException changing)
            {
                Log.WatchLost(_logger, folder, changing.Message);
                watched.ChangedAt = _clock.GetTimestamp();
            }
        }
    }

    private Watched Of(string folder)
    {
        if (!_folders.TryGetValue(folder, out Watched? watched))
        {
            _folders.Add(folder, watched = new Watched());
        }

        return watched;
    }

    private void Look(string folder, Watched watched)
    {
        FolderStamp? seen = FolderStamp.Of(folder);
        if (seen is null || seen != watched.Seen)
        {
            // Looked at once more: nobody tells of every change.
            watched.Seen = seen;
            watched.ChangedAt = _clock.GetTimestamp();
            return;
        }

        watched.ChangedAt = null;
        watched.Seen = null;
        FolderStamp stamp = seen.Value;
        if (stamp == default)
        {
            // The folder is gone. What runs goes on from the store.
            _folders.Remove(folder);
            return;
        }

        if (stamp.Manifest == 0)
        {
            // No plugin, or none now: what runs goes on from the store.
            watched.Taken = stamp;
            return;
        }

        bool isSignal = stamp.Manifest != watched.Taken.Manifest;
        if (isSignal || (watched.HasFailed && stamp.Files != watched.Taken.Files))
        {
            watched.Taken = stamp;
            watched.HasFailed = false;
            _ = TakeAsync(folder);
        }
        else if (stamp.Files != watched.Taken.Files)
        {
            Log.ManifestAwaited(_logger, folder);
        }
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

    /// <summary>What is known of one folder.</summary>
    private sealed class Watched
    {
        /// <summary>As it was when it was taken last.</summary>
        public FolderStamp Taken { get; set; }

        /// <summary>As it was at the look before; null where there was none since the last change.</summary>
        public FolderStamp? Seen { get; set; }

        /// <summary>When something changed, or it was looked at; null where nothing has.</summary>
        public long? ChangedAt { get; set; }

        /// <summary>True where it could not be taken last.</summary>
        public bool HasFailed { get; set; }

        public TimeSpan? Left(TimeProvider clock, TimeSpan quiet) =>
            ChangedAt is not { } at ? null : clock.GetElapsedTime(at) is var passed && passed < quiet ? quiet - passed : TimeSpan.Zero;

        public bool IsDue(TimeProvider clock, TimeSpan quiet) => Left(clock, quiet) == TimeSpan.Zero;
    }
}

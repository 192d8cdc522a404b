using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Telemetry.Export;

/// <summary>
/// Faults and restarts on disk, as JSON lines: <c>faults.jsonl</c> and one previous file in a folder, bounded in size, read correctly wherever the
/// file was cut. Written in the background; a disk that fails is logged once and counted, never thrown. Thread-safe.
/// </summary>
public sealed class FaultJournal : IAsyncDisposable
{
    private const long MostBytesRead = 64 * 1024 * 1024;
    private readonly Channel<Item> _queue;
    private readonly JournalFile _file;
    private readonly ILogger _logger;
    private readonly Task _writer;
    private long _dropped;
    private long _failures;

    /// <summary>Opens a journal; the file is touched with the first entry.</summary>
    /// <param name="folder">An existing folder that no other writer uses.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="logger">Told once where the journal cannot be written.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names all of them.</exception>
    public FaultJournal(string folder, FaultJournalOptions options, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(logger);
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        _file = new JournalFile(folder, options.MaxBytes);
        _logger = logger;
        _queue = Channel.CreateBounded<Item>(new BoundedChannelOptions(options.QueueLength) { SingleReader = true });
        _writer = Task.Run(WriteAllAsync);
    }

    /// <summary>Entries that were not queued: too many waited, or the journal was disposed.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Entries that the disk did not take, or that were too long.</summary>
    public long WriteFailures => Interlocked.Read(ref _failures);

    /// <summary>Queues what belongs into the journal, faults and restarts; other events are passed over. For <see cref="Recorder.Subscribe"/>.</summary>
    public void Append(PluginEvent told)
    {
        JournalLine? line = told switch
        {
            FaultEvent fault => new JournalLine { Fault = fault.Fault },
            RestartEvent restart => new JournalLine { Restart = restart.Restart },
            _ => null,
        };
        if (line is not null && !_queue.Writer.TryWrite(new Item(line, null)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Waits until what is queued now has been handed to the system.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _queue.Writer.WriteAsync(new Item(null, reached), cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            // Disposed, or about to be: that writes everything.
            await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        await reached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a folder's journal, the previous file first. Another process may be writing it.</summary>
    /// <param name="folder">The folder; it and the files need not exist.</param>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static JournalContents Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        using JournalFile files = new(folder, 0);
        List<FaultRecord> faults = [];
        List<RestartRecord> restarts = [];
        int skipped = JournalFile.Parse(End(files.Previous), faults, restarts) + JournalFile.Parse(End(files.Current), faults, restarts);
        return new JournalContents(faults, restarts, skipped);
    }

    /// <summary>Writes what is queued and closes the file. Idempotent; never throws.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writer.ConfigureAwait(false);
    }

    private static byte[] End(string file)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(Math.Max(0, stream.Length - MostBytesRead), SeekOrigin.Begin);
        byte[] text = new byte[stream.Length - stream.Position];
        return text.AsSpan(0, stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)).ToArray();
    }

    private async Task WriteAllAsync()
    {
        using (_file)
        {
            await foreach (Item item in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                if (item.Line is { } line)
                {
                    Write(line);
                }

                item.Reached?.SetResult();
            }
        }
    }

    private void Write(JournalLine line)
    {
        byte[] json = [.. JsonSerializer.SerializeToUtf8Bytes(line, StatsJson.Plain.JournalLine), (byte)'\n'];
        if (json.Length > JournalFile.MaxLineBytes)
        {
            Failed($"an entry has {json.Length} bytes, the limit is {JournalFile.MaxLineBytes}");
            return;
        }

        try
        {
            _file.Append(json);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Failed(error.Message);
        }
    }

    private void Failed(string reason)
    {
        if (Interlocked.Increment(ref _failures) == 1)
        {
            Log.JournalFailed(_logger, _file.Current, reason);
        }
    }

    private readonly record struct Item(JournalLine? Line, TaskCompletionSource? Reached);
}

/// <summary>What a journal holds. Immutable.</summary>
/// <param name="Faults">Fault entries, oldest first. A coalesced incident may have two: its first, and the rest of its window.</param>
/// <param name="Restarts">Restarts, oldest first.</param>
/// <param name="Skipped">Lines that are no whole entry: cut by a death or a full disk.</param>
public sealed record JournalContents(IReadOnlyList<FaultRecord> Faults, IReadOnlyList<RestartRecord> Restarts, int Skipped);

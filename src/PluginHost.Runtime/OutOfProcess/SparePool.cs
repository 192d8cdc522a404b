using Microsoft.Extensions.Logging;
using PluginHost.Rpc.Connection;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// Workers without a plugin that stand ready, a few of each class that was asked for, filled up behind the back of those who take them. Thread-safe.
/// </summary>
internal sealed class SparePool : IAsyncDisposable
{
    private readonly SpareOptions _options;
    private readonly Func<WorkerClass, CancellationToken, Task<StartedWorker>> _start;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<WorkerClass, Shelf> _shelves = [];
    private readonly CancellationTokenSource _closing = new();
    private int _total;
    private long _taken;
    private long _missed;
    private long _lost;

    /// <summary>Creates one; it starts nothing before somebody asks for a class.</summary>
    /// <param name="options">How many.</param>
    /// <param name="start">Starts one.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The log.</param>
    public SparePool(SpareOptions options, Func<WorkerClass, CancellationToken, Task<StartedWorker>> start, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _start = start;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>What happened so far.</summary>
    public SpareCounts Counts
    {
        get
        {
            lock (_lock)
            {
                int ready = _shelves.Values.Sum(s => s.Ready.Count);
                return new SpareCounts(ready, _total - ready, Interlocked.Read(ref _taken), Interlocked.Read(ref _missed), Interlocked.Read(ref _lost));
            }
        }
    }

    /// <summary>Takes one that lives, or null where there is none. The caller owns it.</summary>
    public StartedWorker? Take(WorkerClass kind)
    {
        while (Next(kind) is { } spare)
        {
            if (!spare.Gone.IsCompleted)
            {
                Interlocked.Increment(ref _taken);
                return spare;
            }

            Lose(spare);
        }

        Interlocked.Increment(ref _missed);
        return null;
    }

    /// <summary>A plugin of the class was started: fills the class up, after a while.</summary>
    public void Keep(WorkerClass kind)
    {
        if (_options.PerClass == 0 || _options.Most == 0)
        {
            return;
        }

        lock (_lock)
        {
            Shelf shelf = ShelfOf_NeedsLock(kind);
            if (!shelf.Refilling.IsCompleted || _closing.IsCancellationRequested)
            {
                return;
            }

            shelf.Refilling = Task.Run(() => RefillAsync(shelf, _options.RefillDelay));
        }
    }

    /// <summary>Ends all.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        List<StartedWorker> left = [];
        List<Task> refilling = [];
        lock (_lock)
        {
            foreach (Shelf shelf in _shelves.Values)
            {
                left.AddRange(shelf.Ready);
                shelf.Ready.Clear();
                refilling.Add(shelf.Refilling);
            }
        }

        await Task.WhenAll([.. left.Select(s => s.DisposeAsync().AsTask()), .. refilling]).ConfigureAwait(false);
    }

    private async Task RefillAsync(Shelf shelf, TimeSpan pause)
    {
        for (int failures = 0; ;)
        {
            await Task.Delay(pause, _clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!TryReserve(shelf))
            {
                return;
            }

            pause = TimeSpan.Zero;
            if (!await TryStartAsync(shelf).ConfigureAwait(false))
            {
                pause = RetryPause.After(failures++);
            }
        }
    }

    private StartedWorker? Next(WorkerClass kind)
    {
        lock (_lock)
        {
            if (!_shelves.TryGetValue(kind, out Shelf? shelf) || !shelf.Ready.TryDequeue(out StartedWorker? spare))
            {
                return null;
            }

            _total--;
            return spare;
        }
    }

    private async Task<bool> TryStartAsync(Shelf shelf)
    {
        string problem;
        try
        {
            StartedWorker spare = await _start(shelf.Class, _closing.Token).ConfigureAwait(false);
            await PutAsync(shelf, spare).ConfigureAwait(false);
            return true;
        }
        catch (Exception failed)
        {
            // Whatever it is: one that nobody tells of would be counted as on its way for ever, and its class have no spare any more.
            problem = failed.Message;
        }

        lock (_lock)
        {
            shelf.Starting--;
            _total--;
        }

        if (!_closing.IsCancellationRequested)
        {
            Interlocked.Increment(ref _lost);
            Log.SpareFailed(_logger, problem);
        }

        return false;
    }

    private bool TryReserve(Shelf shelf)
    {
        lock (_lock)
        {
            if (_closing.IsCancellationRequested || shelf.Count >= _options.PerClass || _total >= _options.Most)
            {
                // Under the lock that the next one to ask looks under: it starts another refill, this one asks for nothing more.
                shelf.Refilling = Task.CompletedTask;
                return false;
            }

            shelf.Starting++;
            _total++;
            return true;
        }
    }

    private async Task PutAsync(Shelf shelf, StartedWorker spare)
    {
        bool isTooLate;
        lock (_lock)
        {
            shelf.Starting--;
            isTooLate = _closing.IsCancellationRequested;
            if (isTooLate)
            {
                _total--;
            }
            else
            {
                shelf.Ready.Enqueue(spare);
            }
        }

        if (isTooLate)
        {
            await spare.DisposeAsync().ConfigureAwait(false);
            return;
        }

        Log.SpareReady(_logger, spare.Pid);
        _ = WatchAsync(shelf, spare);
    }

    // One that ends by itself while it waits makes room for another, not before a while has passed.
    private async Task WatchAsync(Shelf shelf, StartedWorker spare)
    {
        await spare.Gone.ConfigureAwait(false);
        lock (_lock)
        {
            if (_closing.IsCancellationRequested || !shelf.Ready.Contains(spare))
            {
                return;
            }

            shelf.Ready = new Queue<StartedWorker>(shelf.Ready.Where(s => s != spare));
            _total--;
            if (shelf.Refilling.IsCompleted)
            {
                shelf.Refilling = Task.Run(() => RefillAsync(shelf, RetryPause.First));
            }
        }

        Lose(spare);
    }

    private void Lose(StartedWorker spare)
    {
        Interlocked.Increment(ref _lost);
        Log.SpareLost(_logger, spare.Pid);
        _ = Task.Run(async () => await spare.DisposeAsync().ConfigureAwait(false));
    }

    private Shelf ShelfOf_NeedsLock(WorkerClass kind)
    {
        if (!_shelves.TryGetValue(kind, out Shelf? shelf))
        {
            _shelves.Add(kind, shelf = new Shelf(kind));
        }

        return shelf;
    }

    /// <summary>The spares of one class.</summary>
    private sealed class Shelf(WorkerClass kind)
    {
        public WorkerClass Class { get; } = kind;

        public Queue<StartedWorker> Ready { get; set; } = [];

        public int Starting { get; set; }

        public int Count => Ready.Count + Starting;

        public Task Refilling { get; set; } = Task.CompletedTask;
    }
}

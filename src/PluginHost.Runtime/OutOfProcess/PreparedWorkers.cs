using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// Workers with the plugin in them that stand ready for one call each. Who takes one finds it started; another is started behind his back. Where none
/// is ready, those that wait are served in turn. Thread-safe.
/// </summary>
internal sealed class PreparedWorkers : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Func<CancellationToken, Task<PreparedWorker>> _start;
    private readonly Func<PreparedWorker, Task> _end;
    private readonly Action<PreparedLoss> _lost;
    private readonly TimeProvider _clock;
    private readonly int _ahead;
    private readonly PreparedLine _line = new();
    private readonly HashSet<Task> _tasks = [];
    private readonly CancellationTokenSource _closing = new();
    private int _starting;
    private int _losses;
    private bool _isPausing;
    private Task? _disposing;

    /// <summary>Creates them; nothing is started before <see cref="Fill"/> or <see cref="TakeAsync"/>.</summary>
    /// <param name="ahead">How many are kept ready; 0 to start each for its call.</param>
    /// <param name="start">Starts one.</param>
    /// <param name="end">Ends one that nobody takes.</param>
    /// <param name="lost">Told of each that ended before a call came, or could not be started. Not called at once by two threads for one worker.</param>
    /// <param name="clock">The clock.</param>
    public PreparedWorkers(
        int ahead, Func<CancellationToken, Task<PreparedWorker>> start, Func<PreparedWorker, Task> end, Action<PreparedLoss> lost, TimeProvider clock)
    {
        _ahead = ahead;
        _start = start;
        _end = end;
        _lost = lost;
        _clock = clock;
    }

    /// <summary>Those that stand ready.</summary>
    public IReadOnlyList<PreparedWorker> Ready
    {
        get
        {
            lock (_lock)
            {
                return _line.Ready;
            }
        }
    }

    /// <summary>Takes one, or waits for one. The caller owns it.</summary>
    /// <exception cref="PluginException">One that was started for this could not be.</exception>
    /// <exception cref="TimeoutException">None was ready in the time.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up, or no more are started.</exception>
    public async Task<PreparedWorker> TakeAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource<PreparedWorker>>? wait;
        PreparedWorker? taken;
        List<PreparedWorker> dead = [];
        lock (_lock)
        {
            _closing.Token.ThrowIfCancellationRequested();
            taken = _line.Take(dead);
            wait = taken is null ? _line.Join() : null;
        }

        dead.ForEach(LoseDead);
        Fill();
        if (wait is null)
        {
            return taken!;
        }

        try
        {
            return await wait.Value.Task.WaitAsync(timeout, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception over) when (over is TimeoutException || (over is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            GiveBack(wait);
            throw;
        }
    }

    /// <summary>Starts as many as are missing, a few at a time.</summary>
    public void Fill()
    {
        while (TryReserve())
        {
            Run(StartOneAsync);
        }
    }

    /// <summary>Ends all that stand ready; those that wait for one are told. Idempotent: every caller waits for the end.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            return new ValueTask(_disposing ??= Task.Run(DisposeOnceAsync));
        }
    }

    private async Task DisposeOnceAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        PreparedWorker[] left;
        Task[] tasks;
        lock (_lock)
        {
            left = _line.Close(_closing.Token);
            tasks = [.. _tasks];
        }

        await Task.WhenAll(left.Select(_end)).ConfigureAwait(false);
        await Task.WhenAll(tasks).ConfigureAwait(false);
    }

    private bool TryReserve()
    {
        lock (_lock)
        {
            int wanted = _line.Missing(_isPausing ? 0 : _ahead);
            if (_closing.IsCancellationRequested || _starting >= wanted || _starting >= Environment.ProcessorCount)
            {
                return false;
            }

            _starting++;
            return true;
        }
    }

    private async Task StartOneAsync()
    {
        PreparedWorker? started = null;
        PluginException? failure = null;
        try
        {
            started = await _start(_closing.Token).ConfigureAwait(false);
        }
        catch (PluginException refused)
        {
            failure = refused;
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            return;
        }
        finally
        {
            lock (_lock)
            {
                _starting--;
            }
        }

        if (failure is not null)
        {
            lock (_lock)
            {
                _line.Fail(failure);
            }

            Lose(new PreparedLoss(null, failure));
            return;
        }

        await PutAsync(started!).ConfigureAwait(false);
        Fill();
    }

    /// <summary>Takes one that was started elsewhere, or ends it where no more are wanted.</summary>
    public async Task PutAsync(PreparedWorker started)
    {
        bool isTooLate;
        lock (_lock)
        {
            isTooLate = _closing.IsCancellationRequested;
            if (!isTooLate)
            {
                _losses = 0;
                _line.Hand(started);
            }
        }

        if (isTooLate)
        {
            await _end(started).ConfigureAwait(false);
            return;
        }

        _ = WatchAsync(started);
    }

    /// <summary>A caller gave up: what came for him at the same moment is as good as new.</summary>
    private void GiveBack(LinkedListNode<TaskCompletionSource<PreparedWorker>> wait)
    {
        PreparedWorker? unused;
        lock (_lock)
        {
            unused = _line.Leave(wait);
            if (unused is not null && !_closing.IsCancellationRequested && !unused.Ending.IsCompleted)
            {
                _line.Hand(unused);
                return;
            }
        }

        if (unused is not null)
        {
            Run(() => _end(unused));
        }
    }

    // Until its end, which mostly comes after its call: by then it is somebody else's.
    private async Task WatchAsync(PreparedWorker worker)
    {
        await worker.Ending.ConfigureAwait(false);
        lock (_lock)
        {
            if (_closing.IsCancellationRequested || !_line.Remove(worker))
            {
                return;
            }
        }

        LoseDead(worker);
    }

    private void LoseDead(PreparedWorker worker)
    {
        Lose(new PreparedLoss(worker, null));
        Run(() => _end(worker));
    }

    /// <summary>Tells of a loss, and keeps none ready for a while: each loss in a row doubles it. Calls that come meanwhile have one started all the same.</summary>
    private void Lose(PreparedLoss loss)
    {
        TimeSpan pause;
        lock (_lock)
        {
            pause = RetryPause.After(_losses++);
            _isPausing = true;
        }

        _lost(loss);
        Run(() => PauseAsync(pause));
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        Fill();
        await Task.Delay(pause, _clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _isPausing = false;
        }

        Fill();
    }

    private void Run(Func<Task> work)
    {
        Task task = Task.Run(work);
        lock (_lock)
        {
            _tasks.RemoveWhere(static t => t.IsCompleted);
            _tasks.Add(task);
        }
    }
}

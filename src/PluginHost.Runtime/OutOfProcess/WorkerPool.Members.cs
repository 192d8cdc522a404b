using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The part that starts workers, puts them into their places and takes them out.</summary>
internal sealed partial class WorkerPool
{
    /// <summary>Starts a worker that has no place yet: to <see cref="Join"/>, or to be disposed.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="isAhead">True where no call waits for it.</param>
    /// <exception cref="PluginException">It could not be started.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up, or the pool is being stopped.</exception>
    public Task<WorkerInstance> StartAsideAsync(CancellationToken cancellationToken, bool isAhead = false)
    {
        Task<WorkerInstance> start = RunStartAsync(isAhead, cancellationToken);
        lock (_lock)
        {
            // A stop waits for it, whatever comes of it: nothing that it started is left behind.
            _watches.Add(start.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));
        }

        return start;
    }

    private async Task<WorkerInstance> RunStartAsync(bool isAhead, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token, cancellationToken);
        either.Token.ThrowIfCancellationRequested();
        int? pid = null;
        CallGate gate = null!;
        gate = new CallGate(_request.Manifest.Limits.Concurrency, 0, _clock, () => Freed(gate));
        StartRequest request = _request with
        {
            IsAhead = isAhead,
            WorkerStarted = started => pid = started,
            Logger = _request.WorkerLog?.Invoke(() => pid) ?? _request.Logger,
        };
        WorkerInstance worker = await _start(request, gate, either.Token).ConfigureAwait(false);
        bool isTooLate;
        lock (_lock)
        {
            isTooLate = IsLeaving;
            if (!isTooLate)
            {
                _aside.Add(worker);
            }
        }

        if (isTooLate)
        {
            await worker.DisposeAsync().ConfigureAwait(false);
            throw new OperationCanceledException($"The workers of plugin '{_identity.PluginId}' are being stopped.", _closing.Token);
        }

        _ = ForgetAsideAsync(worker);
        return worker;
    }

    /// <summary>Puts a worker into a place that is empty; one that comes too late is ended.</summary>
    /// <returns>False where it came too late: the place is taken, or the pool is being stopped.</returns>
    public bool Join(int number, WorkerInstance worker)
    {
        bool joined;
        lock (_lock)
        {
            joined = !IsLeaving && _slots[number].Worker is null;
            if (joined)
            {
                _aside.Remove(worker);
                Put_NeedsLock(number, worker);
            }
        }

        if (!joined)
        {
            _ = worker.StopAsync(TimeSpan.Zero, CancellationToken.None);
            return false;
        }

        Serve();
        return true;
    }

    /// <summary>Starts a worker in an empty place.</summary>
    /// <returns>False where the place is taken, or the pool is being stopped.</returns>
    /// <exception cref="PluginException">It could not be started; the place is empty still.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<bool> StartInAsync(int number, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (IsLeaving || _slots[number].State is WorkerState.Ready or WorkerState.Starting)
            {
                return false;
            }

            Mark_NeedsLock(number, WorkerState.Starting, null, null);
        }

        try
        {
            return Join(number, await StartAsideAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (IsLeaving)
        {
            return false;
        }
        catch
        {
            lock (_lock)
            {
                Mark_NeedsLock(number, WorkerState.BackingOff, null, null);
            }

            throw;
        }
    }

    /// <summary>Says when the next start in an empty place is tried: calls of its keys wait for that, or are told.</summary>
    public void BackOff(int number, DateTimeOffset retryAt, string reason)
    {
        lock (_lock)
        {
            if (_slots[number].State is WorkerState.Ready or WorkerState.Starting)
            {
                return;
            }

            Mark_NeedsLock(number, WorkerState.BackingOff, retryAt, reason);
        }

        _queue.Stir(number);
    }

    /// <summary>Leaves a place empty: the keys that belong to it move to the other workers.</summary>
    public void GiveUp(int number, string reason)
    {
        lock (_lock)
        {
            if (_slots[number].Worker is not null)
            {
                return;
            }

            Mark_NeedsLock(number, WorkerState.GivenUp, null, reason);
        }

        _queue.Stir(number);
    }

    /// <summary>The places that are empty and wait for a start, or for nothing any more.</summary>
    public IReadOnlyList<int> Missing()
    {
        lock (_lock)
        {
            return [.. Enumerable.Range(0, _slots.Length).Where(n => _slots[n].State is WorkerState.BackingOff or WorkerState.GivenUp)];
        }
    }

    private async Task WatchAsync(int number, WorkerInstance worker)
    {
        await worker.Ending.ConfigureAwait(false);
        long at = _clock.GetTimestamp();
        Leave(number, worker);
        FaultRecord record = await worker.Gone.ConfigureAwait(false);
        if (worker.Died.IsCompleted)
        {
            _losses.Writer.TryWrite(new PoolLoss(number, record, at));
        }

        await worker.DisposeAsync().ConfigureAwait(false);
    }

    // One that waits for its place and ends is forgotten by who keeps it; here it would only be stopped once more.
    private async Task ForgetAsideAsync(WorkerInstance worker)
    {
        await worker.Ending.ConfigureAwait(false);
        lock (_lock)
        {
            _aside.Remove(worker);
        }
    }

    /// <summary>Gives a worker that ends no more calls.</summary>
    private void Leave(int number, WorkerInstance worker)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_slots[number].Worker, worker))
            {
                _slots[number].Worker = null;
                Mark_NeedsLock(number, WorkerState.BackingOff, null, null);
            }
        }
    }

    private void Put_NeedsLock(int number, WorkerInstance worker)
    {
        _slots[number].Worker = worker;
        Mark_NeedsLock(number, WorkerState.Ready, null, null);
        _watches.RemoveAll(static w => w.IsCompleted);
        _watches.Add(WatchAsync(number, worker));
        _ = WatchWearAsync(number, worker);
    }

    private void Mark_NeedsLock(int number, WorkerState state, DateTimeOffset? retryAt, string? reason)
    {
        PoolSlot slot = _slots[number];
        slot.State = state;
        slot.Since = _clock.GetUtcNow();
        slot.RetryAt = retryAt;
        slot.Reason = reason;
        Volatile.Write(ref _members, new PoolMembers(
            [.. _slots.Select(s => s.Worker)],
            [.. _slots.Select(s => s.Worker?.Gate)],
            [.. Enumerable.Range(0, _slots.Length).Where(n => _slots[n].State != WorkerState.GivenUp)]));
    }
}

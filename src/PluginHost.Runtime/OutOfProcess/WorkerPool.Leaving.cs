using PluginHost.Contracts.Faults;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Resilience;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The part about others' taking over: of the whole pool by another generation, and of single worn workers by their next.</summary>
internal sealed partial class WorkerPool
{
    private static readonly TimeSpan s_longestLook = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _recycling = new(1);

    /// <inheritdoc/>
    public override async Task<int> DrainAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        WorkerInstance[] all;
        lock (_lock)
        {
            _isDraining = true;

            // Worn ones that were replaced have calls and leases still, and the same right to end them.
            all = [.. _slots.Select(s => s.Worker).OfType<WorkerInstance>(), .. _aside];
        }

        // Those that wait go to the generation that has taken over.
        _queue.Close();
        int[] left = await Task.WhenAll(all.Select(w => w.DrainAsync(drain, cancellationToken))).ConfigureAwait(false);
        return left.Sum();
    }

    /// <inheritdoc/>
    public override Task CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.WhenAll(Volatile.Read(ref _members).Workers.OfType<WorkerInstance>().Select(w => w.CheckHealthAsync(timeout, cancellationToken)));

    /// <summary>None: each worker is looked at here, and replaced by itself.</summary>
    public override InstanceUsage? Usage(bool withMemory) => null;

    /// <inheritdoc/>
    public override void EndOverLimit(string limit, string what)
    {
        foreach (WorkerInstance worker in Volatile.Read(ref _members).Workers.OfType<WorkerInstance>())
        {
            worker.EndOverLimit(limit, what);
        }
    }

    private async Task WatchWearAsync(int number, WorkerInstance worker)
    {
        RecycleOptions options = _request.Manifest.Recycle;
        if (_request.Wear is not { } terms || !RecyclePolicy.IsOn(options))
        {
            return;
        }

        double jitter = terms.Jitter();
        long ready = _clock.GetTimestamp();
        TimeSpan pause = terms.Look;
        while (true)
        {
            await Task.Delay(pause, _clock, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (IsLeaving || worker.Ending.IsCompleted || worker.Usage(RecyclePolicy.ReadsMemory(options)) is not { } used)
            {
                return;
            }

            switch (RecyclePolicy.Look(options, jitter, new RecycleSigns(used.Calls, _clock.GetElapsedTime(ready), used.MemoryBytes)))
            {
                case { IsKill: true } finding:
                    // A death like any other: told, and replaced by the policy.
                    worker.EndOverLimit(finding.Limit, finding.What);
                    return;

                case { } finding:
                    if (await RecycleAsync(number, worker, finding, terms).ConfigureAwait(false))
                    {
                        return;
                    }

                    pause = pause * 2 < s_longestLook ? pause * 2 : s_longestLook;
                    break;
            }
        }
    }

    /// <summary>
    /// Replaces a worker that works: the next one is started beside it and asked whether it is well, new calls move at once, and the old one ends once its
    /// calls and leases have, or the drain is over. One worker of the pool at a time.
    /// </summary>
    /// <returns>False where the next one could not be started or is not well: the old one goes on.</returns>
    private async Task<bool> RecycleAsync(int number, WorkerInstance old, RecycleFinding finding, WearTerms terms)
    {
        await _recycling.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            long began = _clock.GetTimestamp();
            WorkerInstance next = await StartAsideAsync(CancellationToken.None).ConfigureAwait(false);
            try
            {
                await next.CheckHealthAsync(terms.HealthTimeout, _closing.Token).ConfigureAwait(false);
            }
            catch
            {
                await next.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            if (!TrySwap(number, old, next))
            {
                await next.DisposeAsync().ConfigureAwait(false);
                return true;
            }

            Serve();
            terms.Recycled(number, finding, _clock.GetElapsedTime(began));
        }
        catch (PluginException failed)
        {
            terms.NotRecycled(number, failed);
            return false;
        }
        catch (OperationCanceledException) when (IsLeaving)
        {
            return true;
        }
        finally
        {
            _recycling.Release();
        }

        await old.DrainAsync(terms.Drain, _closing.Token).ConfigureAwait(false);
        if (!_closing.IsCancellationRequested)
        {
            // Else the stop of the pool ends it, with the time that its calls have in that.
            await old.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
        }

        return true;
    }

    private bool TrySwap(int number, WorkerInstance old, WorkerInstance next)
    {
        lock (_lock)
        {
            if (IsLeaving || !ReferenceEquals(_slots[number].Worker, old))
            {
                return false;
            }

            // A stop of the pool ends it with the others, wherever it is in letting go.
            _aside.Remove(next);
            _aside.Add(old);
            Put_NeedsLock(number, next);
            return true;
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The part that calls go through. One that finds room costs a look at each worker's gate; nothing is locked or allocated for it.</summary>
internal sealed partial class WorkerPool
{
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(1);

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => method.Timeout ?? _request.Manifest.Limits.CallTimeout;

    /// <inheritdoc/>
    public override PluginException Lost(ContractMethod method, CallLostException lost)
    {
        _observer.Ended(method, lost.Fault is PluginUnavailableException ? CallStatus.Unavailable : CallStatus.Fault);
        return lost.Fault;
    }

    /// <inheritdoc/>
    public override ValueTask<TResult> CallAsync<TCall, TResult>(
        TCall call, TimeSpan timeout, LostCalls? losses, long since, CancellationToken cancellationToken) =>
        Admit<TCall, TResult>(in call, out CallPlace place) is { } worker
            ? worker.CallAsync<TCall, TResult>(call, timeout, place, losses, since, cancellationToken)
            : QueuedAsync<TCall, TResult>(call, timeout, losses, since, cancellationToken);

    /// <inheritdoc/>
    public override TResult Call<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (Admit<TCall, TResult>(in call, out CallPlace place) is { } worker)
        {
            return worker.Call<TCall, TResult>(call, timeout, place, cancellationToken);
        }

        (WorkerInstance waited, place, TimeSpan left) =
            WaitAsync(TCall.Method, TCall.HasPartition, TCall.HasPartition ? call.Partition : 0, timeout, cancellationToken).AsTask().GetAwaiter().GetResult();
        return waited.Call<TCall, TResult>(call, left, place, cancellationToken);
    }

    private async ValueTask<TResult> QueuedAsync<TCall, TResult>(
        TCall call, TimeSpan timeout, LostCalls? losses, long since, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        CallLostException closed;
        try
        {
            (WorkerInstance worker, CallPlace place, TimeSpan left) =
                await WaitAsync(TCall.Method, TCall.HasPartition, TCall.HasPartition ? call.Partition : 0, timeout, cancellationToken).ConfigureAwait(false);
            return await worker.CallAsync<TCall, TResult>(call, left, place, losses, since, cancellationToken).ConfigureAwait(false);
        }
        catch (CallLostException lost) when (losses is not null)
        {
            closed = lost;
        }

        return await losses.AgainAsync<TCall, TResult>(call, this, closed, since, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Finds a worker with room and takes a place in it; null where the call has to wait.</summary>
    private WorkerInstance? Admit<TCall, TResult>(in TCall call, out CallPlace place)
        where TCall : struct, ICall<TResult>
    {
        place = CallPlace.Held;
        while (true)
        {
            PoolMembers members = Volatile.Read(ref _members);
            int line = TCall.HasPartition ? PoolRouting.Home(call.Partition, members.Homes) : PoolRouting.None;
            WorkerInstance? worker = _queue.IsLineEmpty(line) ? TryEnter(members, line) : null;
            if (worker is null && WorkerInstance.IsNested<TCall, TResult>(_identity))
            {
                // The call that it belongs to has a place and waits for it.
                place = CallPlace.Free;
                return line == PoolRouting.None ? members.Workers.OfType<WorkerInstance>().MinBy(static w => w.Inside) : members.Workers[line];
            }

            if (worker is not { Ending.IsCompleted: true })
            {
                return worker;
            }

            // Its end was not heard of everywhere yet: the next look does not find it.
            worker.Gate.Leave();
            Leave(Array.IndexOf(members.Workers, worker), worker);
        }
    }

    private static WorkerInstance? TryEnter(PoolMembers members, int line)
    {
        if (line != PoolRouting.None)
        {
            return members.Gates[line]?.TryEnter() == true ? members.Workers[line] : null;
        }

        while (PoolRouting.Least(members.Gates, out int room) is var number and not PoolRouting.None)
        {
            if (members.Gates[number]!.TryEnterAt(room))
            {
                return members.Workers[number];
            }
        }

        return null;
    }

    /// <summary>Waits for a place, with the call's time running.</summary>
    /// <returns>The worker, the place in it, and what is left of the time.</returns>
    /// <exception cref="CallLostException">The pool is being stopped.</exception>
    /// <exception cref="PluginException">It does not get one: the queue is full, its time is over, or its worker comes back later than that.</exception>
    private async ValueTask<(WorkerInstance Worker, CallPlace Place, TimeSpan Left)> WaitAsync(
        ContractMethod method, bool hasKey, ulong key, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        long since = _clock.GetTimestamp();
        _observer.InFlight(method, began: true);
        try
        {
            while (true)
            {
                // Before the look: what changes behind it lets the call look again.
                long changes = _queue.Changes;
                TimeSpan left = LeftOf(timeout, since);
                if (left != Timeout.InfiniteTimeSpan && left <= TimeSpan.Zero)
                {
                    throw CallFailure.TimedOut(_identity, method, timeout, wasSent: false).Told(_observer, method, _clock.GetUtcNow());
                }

                int line = hasKey ? PoolRouting.Home(key, Volatile.Read(ref _members).Homes) : PoolRouting.None;
                ThrowIfTooLate(method, line, left);
                PoolTurn<WorkerInstance> turn = await TurnAsync(method, line, changes, left, cancellationToken).ConfigureAwait(false);
                if (turn.Worker is { } worker)
                {
                    // Its time ran while it waited. Where that is over at this moment the call says so itself.
                    left = LeftOf(timeout, since);
                    left = left == Timeout.InfiniteTimeSpan || left > s_least ? left : s_least;
                    return (worker, new CallPlace(IsHeld: true, IsFree: false, began, Stopwatch.GetTimestamp() - began), left);
                }

                if (turn.IsClosed)
                {
                    throw new CallLostException(CallFailure.Stopped(_identity, method), wasSent: false);
                }
            }
        }
        catch (OperationCanceledException)
        {
            _observer.Ended(method, CallStatus.Cancelled);
            throw;
        }
        finally
        {
            _observer.InFlight(method, began: false);
        }
    }

    private TimeSpan LeftOf(TimeSpan timeout, long since) => timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - _clock.GetElapsedTime(since);

    private async ValueTask<PoolTurn<WorkerInstance>> TurnAsync(ContractMethod method, int line, long changes, TimeSpan left, CancellationToken cancellationToken)
    {
        PoolWaiter<WorkerInstance> waiter = _queue.TryAdd(line, changes) ?? throw Full(method).Told(_observer, method, _clock.GetUtcNow());

        // Room that came between the look and the queue is told to nobody.
        Serve();
        try
        {
            return await waiter.Turn.WaitAsync(left, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            if (!_queue.Remove(waiter) && (await waiter.Turn.ConfigureAwait(false)).Worker is { } given)
            {
                given.Gate.Leave();
            }

            // The time: looked at by the caller, as that of any other.
            return over is TimeoutException ? default : throw new OperationCanceledException(over.Message, over, cancellationToken);
        }
    }

    /// <summary>Gives all room that there is to calls that wait.</summary>
    private void Serve()
    {
        PoolMembers members = Volatile.Read(ref _members);
        for (int number = 0; number < members.Gates.Length && _queue.Count > 0; number++)
        {
            if (members.Workers[number] is { } worker)
            {
                _queue.Serve(number, worker.Gate, worker);
            }
        }
    }

    private void Freed(CallGate gate)
    {
        if (_queue.Count == 0)
        {
            return;
        }

        PoolMembers members = Volatile.Read(ref _members);
        int number = Array.IndexOf(members.Gates, gate);
        if (number >= 0)
        {
            _queue.Serve(number, gate, members.Workers[number]!);
        }
    }

    /// <summary>Tells a call whose key's worker comes back too late for it, as one is told whose plugin does.</summary>
    private void ThrowIfTooLate(ContractMethod method, int line, TimeSpan left)
    {
        DateTimeOffset? retryAt;
        string? reason;
        lock (_lock)
        {
            (retryAt, reason) = line == PoolRouting.None ? (null, null) : (_slots[line].RetryAt, _slots[line].Reason);
        }

        TimeSpan untilRetry = retryAt is { } at ? at - _clock.GetUtcNow() : TimeSpan.Zero;
        if (left == Timeout.InfiniteTimeSpan || untilRetry <= left)
        {
            return;
        }

        string message = string.Create(
            CultureInfo.InvariantCulture,
            $"{method} of plugin '{_identity.PluginId}' was not called: worker {line + 1}, which has its partition key, is being replaced; the next try is in {untilRetry.TotalSeconds:0.0} s. {reason}");
        _observer.Ended(method, CallStatus.Unavailable);
        throw new PluginUnavailableException(message, _identity.Fault(FaultKind.Unavailable, method) with { IsRetryable = true, RetryAfter = untilRetry });
    }

    private CallFailure Full(ContractMethod method)
    {
        int running = Volatile.Read(ref _members).Workers.Count(static w => w is not null);
        return CallFailure.Limit(
            _identity,
            method,
            "limits.queue",
            string.Create(
                CultureInfo.InvariantCulture,
                $"limits.concurrency ({_request.Manifest.Limits.Concurrency}) calls are inside each of the {running} worker(s) that it can go to, or these are being started, and limits.queue ({_queue.Limit}) wait"));
    }
}

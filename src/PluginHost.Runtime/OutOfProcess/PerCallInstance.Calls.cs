using System.Diagnostics;
using System.Globalization;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The part that calls go through: a place among the calls at once, a worker, the call, and the worker's end.</summary>
internal sealed partial class PerCallInstance
{
    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => method.Timeout ?? _request.Manifest.Limits.CallTimeout;

    /// <inheritdoc/>
    public override PluginException Lost(ContractMethod method, CallLostException lost)
    {
        _observer.Ended(method, lost.Fault is PluginUnavailableException ? CallStatus.Unavailable : CallStatus.Fault);
        return lost.Fault;
    }

    /// <inheritdoc/>
    public override async ValueTask<TResult> CallAsync<TCall, TResult>(
        TCall call, TimeSpan timeout, LostCalls? losses, long since, CancellationToken cancellationToken)
    {
        CallLostException given;
        try
        {
            (PreparedWorker worker, CallPlace place, TimeSpan left) =
                await TakeAsync(TCall.Method, WorkerInstance.IsNested<TCall, TResult>(_identity), timeout, cancellationToken).ConfigureAwait(false);
            try
            {
                return await worker.Worker.CallAsync<TCall, TResult>(call, left, place with { IsHeld = false, IsFree = true }, null, since, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Used(worker, place.IsHeld);
            }
        }
        catch (CallLostException lost) when (losses is not null)
        {
            given = lost;
        }

        return await losses.AgainAsync<TCall, TResult>(call, this, given, since, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override TResult Call<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken cancellationToken)
    {
        (PreparedWorker worker, CallPlace place, TimeSpan left) =
            TakeAsync(TCall.Method, WorkerInstance.IsNested<TCall, TResult>(_identity), timeout, cancellationToken).AsTask().GetAwaiter().GetResult();
        try
        {
            return worker.Worker.Call<TCall, TResult>(call, left, place with { IsHeld = false, IsFree = true }, cancellationToken);
        }
        finally
        {
            Used(worker, place.IsHeld);
        }
    }

    /// <summary>Takes a place among the calls at once, and a worker, with the call's time running.</summary>
    /// <exception cref="CallLostException">The plugin is being stopped.</exception>
    /// <exception cref="PluginException">It gets none: too many wait, its time is over, or workers cannot be started.</exception>
    private async ValueTask<(PreparedWorker Worker, CallPlace Place, TimeSpan Left)> TakeAsync(
        ContractMethod method, bool isNested, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        long queued = 0;
        bool isHeld = false;
        _observer.InFlight(method, began: true);
        try
        {
            isHeld = _gate.TryEnter();
            if (!isHeld && !isNested)
            {
                (GateResult result, queued) = await _gate.EnterAsync(timeout, cancellationToken).ConfigureAwait(false);
                isHeld = result == GateResult.Entered ? true : throw NotEntered(method, result, timeout).Told(_observer, method, _clock.GetUtcNow());
            }

            TimeSpan left = LeftOf(timeout, began);
            PreparedWorker worker = await TakeOneAsync(left, cancellationToken).ConfigureAwait(false);
            return (worker, new CallPlace(isHeld, IsFree: false, began, queued), LeftOf(timeout, began));
        }
        catch (Exception thrown)
        {
            if (isHeld)
            {
                _gate.Leave();
            }

            throw NotTaken(method, thrown, timeout, cancellationToken);
        }
        finally
        {
            _observer.InFlight(method, began: false);
        }
    }

    private async Task<PreparedWorker> TakeOneAsync(TimeSpan left, CancellationToken cancellationToken)
    {
        // A call counts itself in before it looks whether it may go on: either it sees the mark, or the drain sees it.
        Interlocked.Increment(ref _taking);
        try
        {
            if (Volatile.Read(ref _isDraining))
            {
                throw new OperationCanceledException("Another generation has taken over.");
            }

            PreparedWorker worker = await _prepared.TakeAsync(left, cancellationToken).ConfigureAwait(false);
            lock (_lock)
            {
                _used.Add(worker);
            }

            return worker;
        }
        finally
        {
            Interlocked.Decrement(ref _taking);
        }
    }

    /// <summary>What a call ends with that got no worker, counted.</summary>
    private Exception NotTaken(ContractMethod method, Exception thrown, TimeSpan timeout, CancellationToken cancellationToken)
    {
        switch (thrown)
        {
            case OperationCanceledException when cancellationToken.IsCancellationRequested:
                _observer.Ended(method, CallStatus.Cancelled);
                return thrown is OperationCanceledException { CancellationToken: var token } && token == cancellationToken
                    ? thrown
                    : new OperationCanceledException($"{method} was cancelled by its caller.", thrown, cancellationToken);
            case OperationCanceledException:
                return new CallLostException(CallFailure.Stopped(_identity, method), wasSent: false);
            case TimeoutException:
                return CallFailure.TimedOut(_identity, method, timeout, wasSent: false).Told(_observer, method, _clock.GetUtcNow());
            case PluginException { Kind: FaultKind.StartFailure or FaultKind.HandshakeRefused or FaultKind.ContractMismatch or FaultKind.Refused }:
                // Its record was made where it was started.
                _observer.Ended(method, CallStatus.Fault);
                return thrown;
            default:
                return thrown;
        }
    }

    private CallFailure NotEntered(ContractMethod method, GateResult result, TimeSpan timeout) => result == GateResult.Full
        ? CallFailure.Limit(
            _identity,
            method,
            "limits.queue",
            string.Create(
                CultureInfo.InvariantCulture,
                $"workers ({_gate.Concurrency}) calls are inside, each in a worker of its own (\"isolation\": \"per-call\"), and limits.queue ({_gate.Queue}) wait"))
        : CallFailure.TimedOut(_identity, method, timeout, wasSent: false);

    /// <summary>What is left of a call's time; at least a millisecond, in which the call says itself that it is late.</summary>
    private static TimeSpan LeftOf(TimeSpan timeout, long began)
    {
        TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(began);
        return left == Timeout.InfiniteTimeSpan || left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1);
    }

    /// <summary>Ends a worker behind its caller's back, once nothing of it is held any more.</summary>
    private void Used(PreparedWorker worker, bool isHeld)
    {
        Task ending = Task.Run(() => EndUsedAsync(worker, isHeld));
        lock (_lock)
        {
            _endings.RemoveWhere(static e => e.IsCompleted);
            _endings.Add(ending);
        }
    }

    private async Task EndUsedAsync(PreparedWorker worker, bool isHeld)
    {
        // A stop of the plugin ends the worker itself, once its drain is over.
        while (worker.Worker.HeldLeases > 0 && !worker.Ending.IsCompleted)
        {
            await Task.WhenAny(worker.Ending, Task.Delay(s_leaseStep, _clock)).ConfigureAwait(false);
        }

        if (isHeld)
        {
            _gate.Leave();
        }

        await EndAsync(worker).ConfigureAwait(false);
        lock (_lock)
        {
            _used.Remove(worker);
        }
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>One generation of a plugin in its worker: one attempt of each call, within the limits. Thread-safe.</summary>
internal sealed partial class WorkerInstance : RemoteInstance
{
    private readonly WorkerLink _link;
    private readonly WorkerIdentity _identity;
    private readonly IInstanceObserver _observer;
    private readonly TimeProvider _clock;
    private readonly CallGate _gate;
    private readonly bool _countsCalls;
    private long _taken;

    // Calls inside without a place: the gate does not count them.
    private int _unplaced;

    /// <summary>Creates one whose worker is ready.</summary>
    /// <param name="link">The worker.</param>
    /// <param name="request">What it was started for.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="gate">What its calls go through; null for one by the manifest's limits.</param>
    public WorkerInstance(WorkerLink link, StartRequest request, TimeProvider clock, CallGate? gate = null)
    {
        _link = link;
        _identity = link.Identity;
        _observer = request.Observer;
        _clock = clock;
        _countsCalls = request.Manifest.Recycle.Calls is not null;
        _gate = gate ?? new CallGate(request.Manifest.Limits.Concurrency, request.Manifest.Limits.Queue, clock);
        Since = clock.GetUtcNow();
        link.WatchForHangs();
        link.Connection.UseLeaseInvoker(new LeaseInvoker(this, link, request.Observer));
    }

    /// <inheritdoc/>
    public override int Generation => _identity.Generation;

    /// <inheritdoc/>
    public override int? WorkerPid => _link.Pid;

    /// <inheritdoc/>
    public override Task<FaultRecord> Died => _link.Died;

    /// <summary>True as soon as a call was lost: its one worker was lost with it.</summary>
    public override bool IsOver => true;

    /// <summary>Ends with the first sign that the worker ends, asked for or not. Never faults.</summary>
    public Task Ending => _link.Ending;

    /// <summary>Ends when the worker is gone, asked for or not, with what would be its record. Never faults.</summary>
    public Task<FaultRecord> Gone => _link.Gone;

    /// <summary>How much of what the worker handed out is still held here.</summary>
    public int HeldLeases => _link.Connection.HeldLeases;

    /// <summary>What its calls go through.</summary>
    public CallGate Gate => _gate;

    /// <summary>How many calls are inside.</summary>
    public int Inside => _gate.Inside;

    /// <summary>Since when it takes calls.</summary>
    public DateTimeOffset Since { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<WorkerStatus> Workers =>
        [new WorkerStatus { Number = 1, Pid = _link.Pid, State = WorkerState.Ready, Since = Since, InFlight = Inside, Reason = Trouble }];

    /// <summary>What is wrong with it though it runs, in words; null where nothing is.</summary>
    public string? Trouble => _link.IsUnresponsive
        ? "It is unresponsive: it gives no sign of life, or does not let go of a call whose time has ended. It is ended where that goes on."
        : null;

    /// <inheritdoc/>
    public override Task<UnloadResult> StopAsync(TimeSpan drain, CancellationToken cancellationToken) => _link.StopAsync(drain, cancellationToken);

    /// <inheritdoc/>
    public override TimeSpan TimeoutOf(ContractMethod method) => _link.TimeoutOf(method);

    /// <inheritdoc/>
    public override PluginException Lost(ContractMethod method, CallLostException lost) => Lost(method, lost, isCounted: true);

    /// <inheritdoc/>
    public override ValueTask<TResult> CallAsync<TCall, TResult>(
        TCall call, TimeSpan timeout, LostCalls? losses, long since, CancellationToken cancellationToken) =>
        CallAsync<TCall, TResult>(call, timeout, default, losses, since, cancellationToken);

    /// <summary>Calls; the task must be awaited once. Reported to the observer unless it is lost; then somebody else goes on with it.</summary>
    /// <param name="call">The arguments.</param>
    /// <param name="timeout">The time it has.</param>
    /// <param name="place">Whether it has its place already.</param>
    /// <param name="losses">Takes the call where it is lost; null to throw <see cref="CallLostException"/>.</param>
    /// <param name="since">When the call began, for <paramref name="losses"/>.</param>
    /// <param name="cancellationToken">The caller's.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResult> CallAsync<TCall, TResult>(
        TCall call, TimeSpan timeout, CallPlace place, LostCalls? losses, long since, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        CallLostException lost;
        long began = place.Began == 0 ? Stopwatch.GetTimestamp() : place.Began;
        _observer.InFlight(TCall.Method, began: true);
        try
        {
            long queued = place.Queued;
            TimeSpan left = timeout;
            bool isCounted = place.IsHeld || (!place.IsFree && _gate.TryEnter());
            if (!isCounted && !place.IsFree && !IsNested<TCall, TResult>(_identity))
            {
                (GateResult result, queued) = await _gate.EnterAsync(timeout, cancellationToken).ConfigureAwait(false);
                left = Left(TCall.Method, timeout, result, queued);
                isCounted = true;
            }

            Enter(isCounted);
            try
            {
                GoIn(TCall.Method);
                RpcReply<TResult> reply = await _link.Connection.CallAsync<TCall, TResult>(call, left, cancellationToken).ConfigureAwait(false);
                _observer.Completed(TCall.Method, Stopwatch.GetTimestamp() - began, reply.InsideNanoseconds, queued);
                return reply.Value;
            }
            finally
            {
                Leave(isCounted);
            }
        }
        catch (RpcConnectionLostException cut)
        {
            lost = await _link.LostAsync(TCall.Method, cut.WasSent).ConfigureAwait(false);
        }
        catch (CallLostException stopping)
        {
            lost = stopping;
        }
        catch (Exception thrown)
        {
            throw Failed(TCall.Method, thrown, cancellationToken);
        }
        finally
        {
            _observer.InFlight(TCall.Method, began: false);
        }

        return losses is null
            ? throw lost
            : await losses.AgainAsync<TCall, TResult>(call, this, lost, since, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override TResult Call<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken cancellationToken) =>
        Call<TCall, TResult>(call, timeout, default(CallPlace), cancellationToken);

    /// <summary>Calls and blocks. One attempt, reported to the observer unless it is lost.</summary>
    /// <exception cref="CallLostException">The worker or its connection was lost; the caller decides whether to try again.</exception>
    public TResult Call<TCall, TResult>(TCall call, TimeSpan timeout, CallPlace place, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        long began = place.Began == 0 ? Stopwatch.GetTimestamp() : place.Began;
        _observer.InFlight(TCall.Method, began: true);
        try
        {
            long queued = place.Queued;
            TimeSpan left = timeout;
            bool isCounted = place.IsHeld || (!place.IsFree && _gate.TryEnter());
            if (!isCounted && !place.IsFree && !IsNested<TCall, TResult>(_identity))
            {
                (GateResult result, queued) = _gate.Enter(timeout, cancellationToken);
                left = Left(TCall.Method, timeout, result, queued);
                isCounted = true;
            }

            Enter(isCounted);
            try
            {
                GoIn(TCall.Method);
                RpcReply<TResult> reply = _link.Connection.Call<TCall, TResult>(call, left, cancellationToken);
                _observer.Completed(TCall.Method, Stopwatch.GetTimestamp() - began, reply.InsideNanoseconds, queued);
                return reply.Value;
            }
            finally
            {
                Leave(isCounted);
            }
        }
        catch (RpcConnectionLostException lost)
        {
            // A synchronous caller's thread waits here for at most the cause's grace, as it did for the answer.
            throw _link.LostAsync(TCall.Method, lost.WasSent).GetAwaiter().GetResult();
        }
        catch (Exception thrown) when (thrown is not CallLostException)
        {
            throw Failed(TCall.Method, thrown, cancellationToken);
        }
        finally
        {
            _observer.InFlight(TCall.Method, began: false);
        }
    }

    /// <summary>
    /// True for a call that comes back to this plugin out of one of its own: the one waits for the other, so it must not wait for a place.
    /// </summary>
    internal static bool IsNested<TCall, TResult>(WorkerIdentity identity)
        where TCall : struct, ICall<TResult> =>
        TCall.HasChain && PluginCaller.Current?.Chain.Contains(identity.PluginId) == true;

    private void Enter(bool isCounted)
    {
        if (!isCounted)
        {
            Interlocked.Increment(ref _unplaced);
        }
    }

    private void Leave(bool isCounted)
    {
        if (isCounted)
        {
            _gate.Leave();
        }
        else
        {
            Interlocked.Decrement(ref _unplaced);
        }
    }

    /// <summary>The time left after the queue.</summary>
    private TimeSpan Left(ContractMethod method, TimeSpan timeout, GateResult result, long queued)
    {
        switch (result)
        {
            case GateResult.Entered:
                TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? timeout : timeout - Stopwatch.GetElapsedTime(0, queued);
                return left == Timeout.InfiniteTimeSpan || left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1);
            case GateResult.Full:
                throw new GateException(CallFailure.Limit(
                    _identity, method, "limits.queue", $"limits.concurrency ({_gate.Concurrency}) calls are inside the plugin and limits.queue ({_gate.Queue}) wait"));
            default:
                throw new GateException(CallFailure.TimedOut(_identity, method, timeout, wasSent: false));
        }
    }
}

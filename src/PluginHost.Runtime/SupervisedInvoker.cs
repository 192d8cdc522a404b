using System.Runtime.CompilerServices;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime;

/// <summary>
/// Carries the calls of one plugin's proxies to whichever worker is current. A call that was surely not sent waits for the next generation;
/// an idempotent one that was lost is sent once more; all within the call's one deadline. Thread-safe.
/// </summary>
internal sealed class SupervisedInvoker(PluginSupervisor supervisor) : LostCalls, IInvoker
{
    /// <inheritdoc/>
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        if (!TCall.HasChain && PluginCaller.Current is { } caller)
        {
            return Invoke<ChainedCall<TCall, TResult>, TResult>(new ChainedCall<TCall, TResult>(call, supervisor.Chains.TextOf(caller)), cancellationToken);
        }

        Attempts attempts = new(supervisor, TCall.Method, supervisor.Clock.GetTimestamp());
        while (true)
        {
            RemoteInstance instance = attempts.Remote(supervisor.WaitReady(TCall.Method, attempts.Since, attempts.Timeout, cancellationToken));
            try
            {
                return instance.Call<TCall, TResult>(call, attempts.Left, cancellationToken);
            }
            catch (CallLostException lost) when (attempts.MayRetry(lost))
            {
                attempts.Superseded(instance, cancellationToken).GetAwaiter().GetResult();
            }
            catch (CallLostException lost)
            {
                throw attempts.GivenUp(lost);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        if (!TCall.HasChain && PluginCaller.Current is { } caller)
        {
            return InvokeInChainAsync<TCall, TResult>(call, caller, cancellationToken);
        }

        // Mostly the plugin runs and the call comes back: then nothing waits here.
        Attempts attempts = new(supervisor, TCall.Method, supervisor.Clock.GetTimestamp());
        return supervisor.View.Instance switch
        {
            // Named, since a call through the base looks its generic method up each time.
            WorkerInstance worker => worker.CallAsync<TCall, TResult>(call, attempts.Timeout, default, this, attempts.Since, cancellationToken),
            WorkerPool pool => pool.CallAsync<TCall, TResult>(call, attempts.Timeout, this, attempts.Since, cancellationToken),
            _ => TryAsync<TCall, TResult>(call, attempts, cancellationToken),
        };
    }

    /// <inheritdoc/>
    public override async ValueTask<TResult> AgainAsync<TCall, TResult>(
        TCall call, RemoteInstance instance, CallLostException lost, long since, CancellationToken cancellationToken)
    {
        Attempts attempts = new(supervisor, TCall.Method, since);
        if (!attempts.MayRetry(lost))
        {
            throw attempts.GivenUp(lost);
        }

        await attempts.Superseded(instance, cancellationToken).ConfigureAwait(false);
        return await TryAsync<TCall, TResult>(call, attempts, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> =>
        await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);

    private async ValueTask<TResult> InvokeInChainAsync<TCall, TResult>(TCall call, PluginCaller caller, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        ChainedCall<TCall, TResult> chained = new(call, supervisor.Chains.TextOf(caller));
        return await InvokeAsync<ChainedCall<TCall, TResult>, TResult>(chained, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<TResult> TryAsync<TCall, TResult>(TCall call, Attempts attempts, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        while (true)
        {
            RemoteInstance instance = attempts.Remote(
                await supervisor.WaitReadyAsync(TCall.Method, attempts.Since, attempts.Timeout, cancellationToken).ConfigureAwait(false));
            try
            {
                return await instance.CallAsync<TCall, TResult>(call, attempts.Left, null, 0, cancellationToken).ConfigureAwait(false);
            }
            catch (CallLostException lost) when (attempts.MayRetry(lost))
            {
                // Left below: no await inside a catch that a retry may pass many times.
            }
            catch (CallLostException lost)
            {
                throw attempts.GivenUp(lost);
            }

            await attempts.Superseded(instance, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What one call remembers over its attempts.</summary>
    private struct Attempts(PluginSupervisor supervisor, ContractMethod method, long since)
    {
        private bool _retried;

        public readonly long Since { get; } = since;

        public readonly TimeSpan Timeout { get; } = supervisor.TimeoutOf(method);

        public readonly TimeSpan Left
        {
            get
            {
                if (Timeout == System.Threading.Timeout.InfiniteTimeSpan)
                {
                    return Timeout;
                }

                TimeSpan left = Timeout - supervisor.Clock.GetElapsedTime(Since);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }

        public bool MayRetry(CallLostException lost)
        {
            if (Left == TimeSpan.Zero)
            {
                return false;
            }

            if (!lost.WasSent)
            {
                return true;
            }

            bool first = !_retried;
            _retried = true;
            return first && method.IsIdempotent;
        }

        /// <summary>Counts a call that is not tried again, and gives what its caller gets.</summary>
        public readonly PluginException GivenUp(CallLostException lost)
        {
            supervisor.Observer.Ended(method, lost.Fault is PluginUnavailableException ? CallStatus.Unavailable : CallStatus.Fault);
            return lost.Fault;
        }

        /// <summary>Waits until the state no longer names an instance that is over: the next look finds the next generation, or the reason why there is none.</summary>
        public readonly async Task Superseded(RemoteInstance instance, CancellationToken cancellationToken)
        {
            while (instance.IsOver && supervisor.View is { } view && ReferenceEquals(view.Instance, instance) && Left != TimeSpan.Zero)
            {
                // At the deadline the next attempt tells what is to tell.
                await view.Changed.WaitAsync(Left, supervisor.Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (cancellationToken.IsCancellationRequested)
                {
                    supervisor.Observer.Ended(method, CallStatus.Cancelled);
                    throw new OperationCanceledException(cancellationToken);
                }
            }
        }

        /// <summary>What a call by a proxy goes to. A plugin that has come back in-process meanwhile takes it by its guard: with the next call.</summary>
        public readonly RemoteInstance Remote(IPluginInstance instance)
        {
            if (instance is RemoteInstance remote)
            {
                return remote;
            }

            supervisor.Observer.Ended(method, CallStatus.Unavailable);
            throw new PluginUnavailableException(
                $"{supervisor.Plugin.Id}: {method.WireName} was not called: the plugin was moved to {supervisor.Tier} while the call waited. Call again.",
                new PluginFault(supervisor.Plugin.Id, FaultKind.Unavailable) { Tier = supervisor.Tier, Generation = instance.Generation, Method = method.WireName, IsRetryable = true });
        }
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Leasing;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// Carries calls to what one worker handed out: its objects, and the steps of its sequences. Calls of objects are counted as other calls, steps are
/// not: they are part of the call that gave the sequence. Both fail as other calls do, and end with their worker; they wait in no queue, for the call that they belong to may be inside already. Thread-safe.
/// </summary>
internal sealed class LeaseInvoker(WorkerInstance instance, WorkerLink link, IInstanceObserver observer) : IInvoker
{
    /// <inheritdoc/>
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        long began = Begin<TCall, TResult>();
        try
        {
            RpcReply<TResult> reply = link.Connection.Call<TCall, TResult>(call, link.TimeoutOf(TCall.Method), cancellationToken);
            Completed<TCall, TResult>(began, reply.InsideNanoseconds);
            return reply.Value;
        }
        catch (RpcConnectionLostException lost)
        {
            // A synchronous caller's thread waits here for at most the cause's grace, as it did for the answer.
            throw Lost<TCall>(TCall.Method, link.LostAsync(TCall.Method, lost.WasSent).GetAwaiter().GetResult());
        }
        catch (Exception thrown) when (thrown is not PluginException)
        {
            throw instance.Failed(TCall.Method, thrown, cancellationToken, IsCounted<TCall>());
        }
        finally
        {
            End<TCall, TResult>();
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        long began = Begin<TCall, TResult>();
        try
        {
            RpcReply<TResult> reply = await link.Connection.CallAsync<TCall, TResult>(call, link.TimeoutOf(TCall.Method), cancellationToken).ConfigureAwait(false);
            Completed<TCall, TResult>(began, reply.InsideNanoseconds);
            return reply.Value;
        }
        catch (RpcConnectionLostException lost)
        {
            throw Lost<TCall>(TCall.Method, await link.LostAsync(TCall.Method, lost.WasSent).ConfigureAwait(false));
        }
        catch (Exception thrown) when (thrown is not PluginException)
        {
            throw instance.Failed(TCall.Method, thrown, cancellationToken, IsCounted<TCall>());
        }
        finally
        {
            End<TCall, TResult>();
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> =>
        await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);

    /// <summary>What was not even sent went to something that had ended with its worker: the next worker does not have it.</summary>
    private PluginException Lost<TCall>(ContractMethod method, CallLostException lost)
    {
        CallLostException told = lost.WasSent || lost.Fault is PluginUnavailableException ? lost : new CallLostException(link.Ended(method, lost.Fault), wasSent: false);
        return instance.Lost(method, told, IsCounted<TCall>());
    }

    private static bool IsCounted<TCall>() => !typeof(TCall).IsAssignableTo(typeof(ISequenceStep));

    private long Begin<TCall, TResult>()
        where TCall : struct, ICall<TResult>
    {
        if (IsCounted<TCall>())
        {
            observer.InFlight(TCall.Method, began: true);
        }

        return Stopwatch.GetTimestamp();
    }

    private void Completed<TCall, TResult>(long began, long insideNanoseconds)
        where TCall : struct, ICall<TResult>
    {
        if (IsCounted<TCall>())
        {
            observer.Completed(TCall.Method, Stopwatch.GetTimestamp() - began, insideNanoseconds, 0);
        }
    }

    private void End<TCall, TResult>()
        where TCall : struct, ICall<TResult>
    {
        if (IsCounted<TCall>())
        {
            observer.InFlight(TCall.Method, began: false);
        }
    }
}

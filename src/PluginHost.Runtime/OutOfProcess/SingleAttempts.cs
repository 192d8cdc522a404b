using System.Runtime.CompilerServices;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Carries proxies' calls to one instance without any retry: a lost one ends with its fault. Thread-safe.</summary>
internal sealed class SingleAttempts(RemoteInstance instance) : IInvoker
{
    /// <inheritdoc/>
    public TResult Invoke<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        try
        {
            return instance.Call<TCall, TResult>(call, instance.TimeoutOf(TCall.Method), cancellationToken);
        }
        catch (CallLostException lost)
        {
            throw instance.Lost(TCall.Method, lost);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResult> InvokeAsync<TCall, TResult>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>
    {
        try
        {
            return await instance.CallAsync<TCall, TResult>(call, instance.TimeoutOf(TCall.Method), null, 0, cancellationToken).ConfigureAwait(false);
        }
        catch (CallLostException lost)
        {
            throw instance.Lost(TCall.Method, lost);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask InvokeVoidAsync<TCall>(TCall call, CancellationToken cancellationToken)
        where TCall : struct, ICall<NoResult> =>
        await InvokeAsync<TCall, NoResult>(call, cancellationToken).ConfigureAwait(false);
}

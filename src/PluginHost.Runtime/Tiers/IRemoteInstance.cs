using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Runtime.Tiers;

/// <summary>A generation in a child process: one attempt of one call. Thread-safe. Reports each call to the observer, but for lost ones.</summary>
internal interface IRemoteInstance : IPluginInstance
{
    /// <summary>Calls and blocks.</summary>
    /// <exception cref="CallLostException">The worker or its connection was lost; the caller decides whether to try again.</exception>
    TResult Call<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>;

    /// <summary>Calls; the task must be awaited once.</summary>
    /// <exception cref="CallLostException">The worker or its connection was lost; the caller decides whether to try again.</exception>
    ValueTask<TResult> CallAsync<TCall, TResult>(TCall call, TimeSpan timeout, CancellationToken cancellationToken)
        where TCall : struct, ICall<TResult>;
}

/// <summary>A call met a dead or dying worker. Never reaches an application: it is retried, or its <see cref="Fault"/> is thrown.</summary>
/// <param name="fault">What the caller gets where nobody retries: with kind, exit code or signal, and the stderr tail.</param>
/// <param name="wasSent">False where the request surely never left this process.</param>
internal sealed class CallLostException(PluginException fault, bool wasSent) : Exception(fault.Message)
{
    /// <summary>What the caller gets where nobody retries.</summary>
    public PluginException Fault { get; } = fault;

    /// <summary>False where the request surely never left this process.</summary>
    public bool WasSent { get; } = wasSent;
}

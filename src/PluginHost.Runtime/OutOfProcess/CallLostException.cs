using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.OutOfProcess;

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

using PluginHost.Contracts.Faults;
using PluginHost.Loading;

namespace PluginHost.Worker;

/// <summary>
/// A failed load on its way to the host: what happened and, as the last line, the remedy, for people; and the stack of what the plugin's own code threw.
/// </summary>
internal class LoadRefusal : Exception
{
    private readonly string? _stack;

    protected LoadRefusal(PluginLoadException failed)
        : base($"{failed.What}\n{failed.Remedy}") => _stack = failed.Thrown?.Stack;

    /// <inheritdoc/>
    public override string? StackTrace => _stack ?? base.StackTrace;

    /// <summary>The exception whose type tells the host the kind.</summary>
    public static LoadRefusal Of(PluginLoadException failed) =>
        failed.Kind == FaultKind.ContractMismatch ? new ContractRefusal(failed) : new LoadRefusal(failed);
}

/// <summary>A load that failed because plugin and host do not agree on a contract.</summary>
internal sealed class ContractRefusal(PluginLoadException failed) : LoadRefusal(failed);

using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;

namespace PluginHost.Rpc.Connection;

/// <summary>
/// A dispatcher of this library's own: what it does with MessagePack is named, and so compiled ahead of time. Every start of a worker goes through one. A
/// contract's is compiled when it is first called, or by <see cref="CallPreparation"/>.
/// </summary>
public abstract class CompiledDispatcher : Dispatcher
{
    /// <summary>As <see cref="Dispatcher.InvokeAsync"/>, for the one reader.</summary>
    internal abstract ValueTask InvokeMessagePackAsync(int method, ref MessagePackValueReader arguments, Reply reply, CancellationToken cancellationToken);
}

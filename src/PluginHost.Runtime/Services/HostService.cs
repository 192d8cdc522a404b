using PluginHost.Contracts;

namespace PluginHost.Runtime.Services;

/// <summary>
/// A contract that the application provides to plugins whose manifest asks for it and whose policy grants it. Made by
/// <see cref="PluginRuntimeOptions.Provide{TContract}(TContract)"/>. Immutable.
/// </summary>
public sealed class HostService
{
    private readonly Func<PluginCaller, object> _create;

    internal HostService(Type contract, Func<PluginCaller, object> create)
    {
        Contract = contract;
        _create = create;
    }

    /// <summary>The contract's interface.</summary>
    public Type Contract { get; }

    internal object Create(PluginCaller caller) => _create(caller);

    /// <inheritdoc/>
    public override string ToString() => Contract.FullName ?? Contract.Name;
}

using PluginHost.Contracts;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Services;

/// <summary>Who serves a contract.</summary>
/// <param name="Contract">The host's descriptor of it.</param>
/// <param name="Provider">The plugin's id, or null for the application.</param>
/// <param name="Create">Gives the object for one generation of one plugin.</param>
internal sealed record ServiceSource(ContractDescriptor Contract, string? Provider, Func<PluginCaller, object> Create)
{
    /// <summary>The provider in words.</summary>
    public string ProviderText => Provider is null ? "the application" : $"plugin '{Provider}'";
}

/// <summary>One contract of a manifest's <c>uses</c>: who serves it, or why it is refused.</summary>
/// <param name="Reference">The contract as the manifest names it.</param>
internal sealed record ServiceGrant(ContractReference Reference)
{
    /// <summary>The host's descriptor; null where it has none.</summary>
    public ContractDescriptor? Contract { get; init; }

    /// <summary>Who serves it; null where it is refused.</summary>
    public ServiceSource? Source { get; init; }

    /// <summary>What the plugin is told; null where it is served.</summary>
    public FaultMessage? Refusal { get; init; }
}

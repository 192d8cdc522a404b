namespace PluginHost.Contracts;

/// <summary>
/// Marks an interface as a contract: the source generator writes its guard, proxy, dispatcher and codec beside it.
/// </summary>
/// <remarks>The interface must be non-generic, accessible from its assembly, without properties, events or overloads; analyzer rules PH0001 and on say what else.</remarks>
[AttributeUsage(AttributeTargets.Interface, Inherited = false)]
public sealed class PluginContractAttribute : Attribute
{
    /// <summary>The major version, at least 1. A manifest names it as <c>Namespace.IContract@1</c>. Default 1.</summary>
    public int Major { get; init; } = 1;

    /// <summary>The contract's name on the wire; default is the interface's name without its leading I (<c>Markdown</c> for <c>IMarkdown</c>).</summary>
    public string? WireName { get; init; }
}

/// <summary>Makes a contract of an interface that the application does not own; the generator writes into the application's assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class GenerateContractAttribute : Attribute
{
    /// <summary>Creates one.</summary>
    /// <param name="contract">The interface.</param>
    public GenerateContractAttribute(Type contract) => Contract = contract;

    /// <summary>The interface.</summary>
    public Type Contract { get; }

    /// <summary>The major version, at least 1. Default 1.</summary>
    public int Major { get; init; } = 1;

    /// <summary>The contract's name on the wire; default is the interface's name without its leading I.</summary>
    public string? WireName { get; init; }
}

using PluginHost.Contracts.Faults;

namespace PluginHost.Loading;

/// <summary>A plugin could not be loaded or constructed. Plain data only: it refers to no object of the plugin.</summary>
public sealed class PluginLoadException : Exception
{
    /// <summary>Creates one.</summary>
    /// <param name="pluginId">The plugin's id.</param>
    /// <param name="kind"><see cref="FaultKind.StartFailure"/> or <see cref="FaultKind.ContractMismatch"/>.</param>
    /// <param name="what">What happened, to which plugin, and the values that disagree.</param>
    /// <param name="remedy">What a person does about it.</param>
    public PluginLoadException(string pluginId, FaultKind kind, string what, string remedy)
        : base($"{what} {remedy}")
    {
        PluginId = pluginId;
        Kind = kind;
        What = what;
        Remedy = remedy;
    }

    /// <summary>The plugin's id.</summary>
    public string PluginId { get; }

    /// <summary><see cref="FaultKind.StartFailure"/> or <see cref="FaultKind.ContractMismatch"/>.</summary>
    public FaultKind Kind { get; }

    /// <summary>What happened, without the remedy.</summary>
    public string What { get; }

    /// <summary>What a person does about it.</summary>
    public string Remedy { get; }

    /// <summary>What the plugin's own code threw, as text; null where it threw nothing.</summary>
    public ThrownException? Thrown { get; init; }
}

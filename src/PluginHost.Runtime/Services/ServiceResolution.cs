using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime.Services;

/// <summary>What decides who serves a plugin's <c>uses</c>. Immutable.</summary>
internal sealed record ServiceInputs
{
    /// <summary>The plugin that asks, with its effective trust.</summary>
    public required PluginCaller Plugin { get; init; }

    /// <summary>What its manifest asks for.</summary>
    public required IReadOnlyList<ContractReference> Uses { get; init; }

    /// <summary>What the policy grants of that.</summary>
    public required IReadOnlyList<ContractReference> Granted { get; init; }

    /// <summary>The operator's choices: a contract's name to the id of the plugin that serves it.</summary>
    public IReadOnlyDictionary<string, string> Choices { get; init; } = new Dictionary<string, string>();

    /// <summary>Finds the host's descriptor of a contract by its name; null where it has none.</summary>
    public required Func<ContractReference, ContractDescriptor?> Find { get; init; }

    /// <summary>What the application provides.</summary>
    public required IReadOnlyList<ServiceSource> Application { get; init; }

    /// <summary>What plugins of the folder offer.</summary>
    public required IReadOnlyList<ServiceSource> Plugins { get; init; }
}

/// <summary>Decides who serves what a plugin asks for: the operator's choice, else the application, else the one plugin that offers it. Pure.</summary>
internal static class ServiceResolution
{
    /// <summary>Decides for every contract of a manifest's <c>uses</c>, in its order.</summary>
    public static IReadOnlyList<ServiceGrant> Resolve(ServiceInputs inputs) => [.. inputs.Uses.Select(reference => Resolve(inputs, reference))];

    /// <summary>What a plugin is told that asks for a contract its manifest does not name.</summary>
    public static FaultMessage NotAsked(PluginCaller plugin, string contract) => new(
        FaultType.Refused,
        $"Plugin '{plugin.Id}' cannot use {contract}: its manifest does not ask for it.",
        new PluginFault(plugin.Id, FaultKind.Refused) { Remedy = $"Add \"{contract}@1\" (with its major version) to \"uses\" in its plugin.json." });

    private static ServiceGrant Resolve(ServiceInputs inputs, ContractReference reference)
    {
        string id = inputs.Plugin.Id;
        ServiceGrant grant = new(reference) { Contract = inputs.Find(reference) };
        if (!inputs.Granted.Contains(reference))
        {
            string trust = inputs.Plugin.Trust == TrustLevel.Full
                ? "the policy's \"uses\" for it does not name it"
                : $"its trust is {SharedSections.Word(inputs.Plugin.Trust)}, and only full trust gets what it asks for without a word of the operator's";
            return Refused(
                grant,
                FaultType.Refused,
                new PluginFault(id, FaultKind.Refused) { Remedy = $"Grant it in pluginhost.json: \"plugins\": {{ \"{id}\": {{ \"uses\": [\"{reference}\"] }} }}." },
                $"Plugin '{id}' may not use {reference}: the policy does not grant it ({trust}).");
        }

        if (grant.Contract is { } known && known.Major != reference.Major)
        {
            return Refused(
                grant,
                FaultType.Mismatch,
                new PluginFault(id, FaultKind.ContractMismatch) { Remedy = "Install a host or a plugin of the same major version." },
                $"Plugin '{id}' cannot use {reference}: the host has {known.VersionedName}.");
        }

        return Choose(inputs, grant);
    }

    private static ServiceGrant Choose(ServiceInputs inputs, ServiceGrant grant)
    {
        string id = inputs.Plugin.Id;
        string name = grant.Reference.Name;
        List<ServiceSource> plugins = [.. inputs.Plugins.Where(s => s.Contract.Name == name && s.Provider != id)];
        if (inputs.Choices.TryGetValue(name, out string? chosen))
        {
            return plugins.FirstOrDefault(s => s.Provider == chosen) is { } choice
                ? grant with { Source = choice }
                : Unavailable(
                    grant,
                    id,
                    $"the policy's \"services\" for it chooses plugin '{chosen}', which does not offer that contract or may not run",
                    $"Choose one of: {Names(plugins)}.");
        }

        if (inputs.Application.FirstOrDefault(s => s.Contract.Name == name) is { } own)
        {
            return grant with { Source = own };
        }

        return plugins switch
        {
            [ServiceSource only] => grant with { Source = only },
            [] => Unavailable(
                grant,
                id,
                "nobody provides it, neither the application nor a plugin of the folder that may run",
                $"Call options.Provide<{name}>(…) in the application, or add a plugin that offers {grant.Reference}."),
            _ => Unavailable(
                grant,
                id,
                $"several plugins offer it: {Names(plugins)}",
                $"Choose one in pluginhost.json: \"plugins\": {{ \"{id}\": {{ \"services\": {{ \"{name}\": \"{plugins[0].Provider}\" }} }} }}."),
        };
    }

    private static string Names(List<ServiceSource> plugins) => string.Join(", ", plugins.Select(s => s.Provider).DefaultIfEmpty("none"));

    private static ServiceGrant Unavailable(ServiceGrant grant, string id, string why, string remedy) => Refused(
        grant,
        FaultType.Unavailable,
        new PluginFault(id, FaultKind.Unavailable) { Remedy = remedy },
        $"Plugin '{id}' cannot use {grant.Reference}: {why}.");

    private static ServiceGrant Refused(ServiceGrant grant, FaultType type, PluginFault fault, string what) =>
        grant with { Refusal = new FaultMessage(type, $"{what} {fault.Remedy}", fault) };
}

using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Services;
using PluginHost.Runtime.Trust;

namespace PluginHost.Runtime;

/// <summary>Who serves what in one runtime: the application's services and the plugins' contracts. Thread-safe.</summary>
internal sealed class ServiceDirectory : IDisposable
{
    private readonly PluginPolicy _policy;
    private readonly KnownContracts _contracts;
    private readonly ServiceSettings _settings;
    private readonly List<ServiceSource> _application = [];
    private IReadOnlyCollection<PluginSupervisor> _supervisors = [];

    /// <exception cref="ArgumentException">A service's type is no contract; the message lists all such.</exception>
    public ServiceDirectory(PluginRuntimeOptions options, PluginPolicy policy, KnownContracts contracts, ILogger logger)
    {
        _policy = policy;
        _contracts = contracts;
        List<string> problems = [];
        foreach (HostService service in options.Services)
        {
            if (contracts.Find(service.Contract) is { } contract)
            {
                _application.Add(new ServiceSource(contract, null, service.Create));
            }
            else
            {
                problems.Add(
                    $"Services: {service} is no contract. Mark the interface [PluginContract] and build its assembly with the generator, or name it in "
                    + "[assembly: GenerateContract(typeof(…))] and put that assembly into ContractAssemblies.");
            }
        }

        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', problems), nameof(options));
        }

        _settings = new ServiceSettings(options.Clock, logger, options.MaxServiceDepth);
    }

    /// <summary>Says which plugins there are; before the first of them starts, and again before one that came later does.</summary>
    public void Use(IReadOnlyCollection<PluginSupervisor> supervisors) => Volatile.Write(ref _supervisors, supervisors);

    /// <summary>The services of one generation of a plugin. Runs the application's factories.</summary>
    public GrantedServices Grant(SupervisedPlugin plugin, GenerationLeases leases)
    {
        PluginCaller caller = leases.FromServices.Caller!;
        return new GrantedServices(
            caller,
            Resolve(plugin, caller),
            plugin.Manifest?.Limits.CallTimeout ?? Timeout.InfiniteTimeSpan,
            new ServiceLeases(leases.FromServices, leases.FromPlugin),
            _settings);
    }

    /// <summary>The ids of the plugins that serve one.</summary>
    public IEnumerable<string> ProvidersOf(SupervisedPlugin plugin) =>
        plugin.Manifest is { Uses.Count: > 0 }
            ? Resolve(plugin, new PluginCaller(plugin.Id, plugin.Placement.Granted)).Select(grant => grant.Source?.Provider).OfType<string>()
            : [];

    private IReadOnlyList<ServiceGrant> Resolve(SupervisedPlugin plugin, PluginCaller caller)
    {
        IReadOnlyList<ContractReference> uses = plugin.Manifest?.Uses ?? [];
        return uses.Count == 0 ? [] : ServiceResolution.Resolve(new ServiceInputs
        {
            Plugin = caller,
            Uses = uses,
            Granted = plugin.Placement.Uses,
            Choices = Overrides.For(_policy, plugin.Id)?.Services ?? new Dictionary<string, string>(),
            Find = _contracts.Find,
            Application = _application,
            Plugins =
            [
                .. Volatile.Read(ref _supervisors).SelectMany(s => s.Sites.Select(site => new ServiceSource(site.Contract, s.Plugin.Id, _ => site.Caller))),
            ],
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _settings.Dispose();
}

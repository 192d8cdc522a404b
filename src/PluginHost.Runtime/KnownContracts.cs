using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;

namespace PluginHost.Runtime;

/// <summary>
/// The contracts that this host has: those of the assemblies it was given, of the operator's folder, and of what the application has loaded or
/// references. The host is their only source; a plugin's own copy is never looked at. Thread-safe once built.
/// </summary>
internal sealed class KnownContracts
{
    private const string Seam = "PluginHost.Contracts";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ContractDescriptor> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, ContractDescriptor> _byType = [];
    private readonly HashSet<Assembly> _seen = [];

    /// <summary>Collects the contracts of an application.</summary>
    public static KnownContracts Collect(PluginRuntimeOptions options, ILogger logger)
    {
        KnownContracts known = new();
        foreach (Assembly assembly in options.ContractAssemblies)
        {
            known.Add(assembly);
        }

        if (options.ContractsDirectory is { } directory)
        {
            foreach (string file in Directory.EnumerateFiles(directory, "*.dll").Order(StringComparer.Ordinal))
            {
                known.AddFile(Path.GetFullPath(file), logger);
            }
        }

        foreach (Assembly assembly in AssemblyLoadContext.Default.Assemblies)
        {
            known.Add(assembly);
        }

        return known;
    }

    /// <summary>The contract that a manifest names, whatever its major; null where the host has none of that name.</summary>
    public ContractDescriptor? Find(ContractReference reference)
    {
        lock (_lock)
        {
            if (_byName.TryGetValue(reference.Name, out ContractDescriptor? known))
            {
                return known;
            }
        }

        // A contract's assembly that the application references is loaded only once something of it is used: try those not looked at yet.
        foreach (Assembly assembly in AssemblyLoadContext.Default.Assemblies.ToArray())
        {
            Add(assembly);
            foreach (AssemblyName name in assembly == Assembly.GetEntryAssembly() ? assembly.GetReferencedAssemblies() : [])
            {
                if (reference.Name.StartsWith(name.Name!.Split('.')[0], StringComparison.Ordinal))
                {
                    Add(AssemblyLoadContext.Default.LoadFromAssemblyName(name));
                }
            }
        }

        lock (_lock)
        {
            return _byName.GetValueOrDefault(reference.Name);
        }
    }

    /// <summary>The contract of an interface; null where none was generated.</summary>
    public ContractDescriptor? Find(Type contract)
    {
        lock (_lock)
        {
            if (_byType.TryGetValue(contract, out ContractDescriptor? known))
            {
                return known;
            }
        }

        Add(contract.Assembly);
        lock (_lock)
        {
            return _byType.GetValueOrDefault(contract);
        }
    }

    /// <summary>
    /// The host's assemblies that a plugin of these contracts must share: the contracts' own and all they reach that is neither the framework's
    /// nor the host library's. Simple names to paths.
    /// </summary>
    public static IReadOnlyDictionary<string, string> SharedAssemblies(IEnumerable<ContractDescriptor> contracts)
    {
        Dictionary<string, string> shared = new(StringComparer.OrdinalIgnoreCase);
        Queue<Assembly> open = new(contracts.SelectMany(c => new[] { c.InterfaceType.Assembly, c.GetType().Assembly }).Distinct());
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        while (open.TryDequeue(out Assembly? assembly))
        {
            string name = assembly.GetName().Name!;
            if (assembly.Location.Length == 0
                || assembly.Location.StartsWith(framework, StringComparison.Ordinal)
                || name == Seam
                || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
                || !shared.TryAdd(name, assembly.Location))
            {
                continue;
            }

            foreach (AssemblyName reference in assembly.GetReferencedAssemblies())
            {
                open.Enqueue(AssemblyLoadContext.Default.LoadFromAssemblyName(reference));
            }
        }

        return shared;
    }

    private void AddFile(string file, ILogger logger)
    {
        try
        {
            Add(AssemblyLoadContext.Default.LoadFromAssemblyPath(file));
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException)
        {
            Log.ContractNotLoaded(logger, file, e.Message);
        }
    }

    private void Add(Assembly assembly)
    {
        lock (_lock)
        {
            if (assembly.IsDynamic || !_seen.Add(assembly))
            {
                return;
            }
        }

        if (!assembly.GetReferencedAssemblies().Any(r => r.Name == Seam))
        {
            return;
        }

        foreach (ContractDescriptor contract in ContractDescriptor.FindAll(assembly))
        {
            lock (_lock)
            {
                _byName.TryAdd(contract.Name, contract);
                _byType.TryAdd(contract.InterfaceType, contract);
            }
        }
    }
}

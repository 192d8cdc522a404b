using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>The part that loads the one plugin, and rehearses that.</summary>
internal sealed partial class PluginSession
{
    private const string TempVariable = "TMPDIR";

    private int _isLoaded;

    /// <inheritdoc/>
    protected override ValueTask<LoadReply> LoadAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        if (request.IsRehearsal)
        {
            return new(Rehearse(request));
        }

        if (Interlocked.Exchange(ref _isLoaded, 1) != 0)
        {
            throw new InvalidOperationException("A worker loads one plugin, once.");
        }

        // Not before: until the host's first message over the new transport the worker says nothing of its own.
        Heartbeat?.Start();
        try
        {
            // Known only now: a worker may have been started before anybody knew which plugin it would run.
            Enter(request);
            Connection.UseLeaseInvoker(new HostLeaseInvoker(request.PluginId, Connection));
            (LoadedPlugin loaded, IReadOnlyList<ContractDescriptor> contracts, object plugin) = Create(request);
            return plugin is IAsyncStartable startable
                ? StartPluginAsync(request, loaded, contracts, startable, cancellationToken)
                : new(Offer(request, loaded, contracts, plugin));
        }
        catch (PluginLoadException failed)
        {
            throw Refuse(failed);
        }
    }

    private async ValueTask<LoadReply> StartPluginAsync(
        LoadRequest request, LoadedPlugin loaded, IReadOnlyList<ContractDescriptor> contracts, IAsyncStartable plugin, CancellationToken cancellationToken)
    {
        try
        {
            await plugin.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            throw Refuse(loaded.Diagnose(thrown, $"StartAsync of {loaded.PluginType.FullName}"));
        }

        return Offer(request, loaded, contracts, plugin);
    }

    /// <summary>Lets the host call the plugin.</summary>
    private LoadReply Offer(LoadRequest request, LoadedPlugin loaded, IReadOnlyList<ContractDescriptor> contracts, object plugin)
    {
        _loaded = loaded;
        _plugin = plugin;
        foreach (ContractDescriptor contract in contracts)
        {
            Dispatcher dispatcher = contract.CreateDispatcher(plugin);
            Connection.AddTarget(dispatcher);
            if (request.IsAhead)
            {
                CallPreparation.Prepare(dispatcher, _codec);
                CallPreparation.PrepareTarget(plugin, contract.InterfaceType);
            }
        }

        PluginEntry found = loaded.Entry;
        return Reply(contracts) with { Found = new LoadedClass(found.TypeName, found.Constructor) };
    }

    private LoadReply Rehearse(LoadRequest request)
    {
        // By now the shared assemblies of the host's plugins are named, and what is loaded of them is loaded for good.
        SharedAssemblies shared = SharedOf(request);
        List<ContractDescriptor> found = [];
        foreach (ContractRequest wanted in request.Contracts)
        {
            try
            {
                ContractDescriptor contract = Find(request.PluginId, shared, wanted);
                CallPreparation.Prepare(contract.CreateDispatcher(contract.CreateProxy(new HostLeaseInvoker(request.PluginId, Connection))), _codec);
                found.Add(contract);
            }
            catch (Exception unfit) when (unfit is not OutOfMemoryException)
            {
                // Said when a plugin needs it, in that plugin's name; the spare serves the others.
                continue;
            }
        }

        Create(request with { Contracts = [] });
        return Reply(found);
    }

    private static SharedAssemblies SharedOf(LoadRequest request)
    {
        Dictionary<string, string> paths = new(StringComparer.OrdinalIgnoreCase);
        foreach (SharedAssembly shared in request.SharedAssemblies)
        {
            paths.TryAdd(shared.Name, shared.Path);
        }

        return new SharedAssemblies(paths);
    }

    /// <summary>Loads the plugin and makes its object; a rehearsal does as much.</summary>
    private (LoadedPlugin Loaded, IReadOnlyList<ContractDescriptor> Contracts, object Plugin) Create(LoadRequest request)
    {
        SharedAssemblies shared = SharedOf(request);
        List<ContractDescriptor> contracts = [.. request.Contracts.Select(c => Find(request.PluginId, shared, c))];
        LoadedPlugin loaded = PluginLoader.Load(new LoadOptions
        {
            PluginId = request.PluginId,
            Folder = request.Folder,
            EntryAssembly = request.Entry,
            Contracts = [.. contracts.Select(c => c.InterfaceType)],
            Shared = shared,
            Collectible = false,
            Known = request.Known is { } known ? new PluginEntry(known.Name, known.Constructor) : null,
        });
        EventLogger logger = new($"Plugin.{request.PluginId}", (LogLevel)request.LeastLogLevel, Send, clock);
        PluginContext context = new(request.PluginId, request.Generation, request.SettingsJson, request.DataFolder, logger, new HostServices(request, shared, Connection), _stopping.Token);
        return (loaded, contracts, loaded.CreateInstance(context));
    }

    private static LoadReply Reply(IReadOnlyList<ContractDescriptor> contracts) =>
        new([.. contracts.Select(c => new LoadedContract(c.Name, [.. c.Methods.Select(m => m.WireName)]))]);

    private static void Enter(LoadRequest request)
    {
        try
        {
            Directory.SetCurrentDirectory(request.DataFolder);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new PluginLoadException(
                request.PluginId,
                FaultKind.StartFailure,
                $"Plugin '{request.PluginId}' could not be started: its data folder '{request.DataFolder}' cannot be entered: {refused.Message}",
                "Check that the folder exists and that this user may enter it.");
        }

        if (request.TempFolder is { } temporary)
        {
            // Both: the runtime keeps an environment of its own, and native code reads the process's. Nothing else runs here yet.
            Environment.SetEnvironmentVariable(TempVariable, temporary);
            Libc.SetVariable("TMPDIR\0"u8, Encoding.UTF8.GetBytes(temporary + '\0'));
        }
    }

    private static ContractDescriptor Find(string pluginId, SharedAssemblies shared, ContractRequest wanted)
    {
        Assembly? assembly = shared.Contains(wanted.Assembly) ? shared.Load(wanted.Assembly) : null;
        if (assembly is not null && DescriptorAt(assembly, wanted) is { } described)
        {
            return described;
        }

        return (assembly is null ? null : ContractDescriptor.FindAll(assembly).FirstOrDefault(d => d.Name == wanted.Name && d.Major == wanted.Major))
            ?? throw new PluginLoadException(
                pluginId,
                FaultKind.ContractMismatch,
                $"Plugin '{pluginId}' cannot be started: the worker finds no contract {wanted.Name}@{wanted.Major} in {wanted.Assembly}{(assembly is null ? ", which the host does not share" : "")}.",
                "Add the assembly to what the host shares, and build it with the contract generator.");
    }

    /// <summary>The descriptor at the token that the host named; null where there is none of that name, or no token.</summary>
    private static ContractDescriptor? DescriptorAt(Assembly assembly, ContractRequest wanted)
    {
        if (wanted.Descriptor == 0)
        {
            return null;
        }

        try
        {
            Type type = assembly.ManifestModule.ResolveType(wanted.Descriptor);
            return typeof(ContractDescriptor).IsAssignableFrom(type)
                && Activator.CreateInstance(type, nonPublic: true) is ContractDescriptor found && found.Name == wanted.Name && found.Major == wanted.Major
                ? found
                : null;
        }
        catch (Exception other) when (other is ArgumentException or BadImageFormatException)
        {
            // Not the host's file, but one of the same name.
            return null;
        }
    }

    private LoadRefusal Refuse(PluginLoadException failed)
    {
        ExitCode = WorkerExitCodes.LoadFailed;
        return LoadRefusal.Of(failed);
    }
}

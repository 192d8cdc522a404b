using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Worker;

/// <summary>Answers the host: agrees on the protocol, loads and starts the one plugin, stops it. Thread-safe.</summary>
internal sealed class PluginSession(TimeProvider clock) : WorkerControl, IDisposable
{
    private static readonly TimeSpan s_drainStep = TimeSpan.FromMilliseconds(5);
    private readonly CancellationTokenSource _stopping = new();
    private RpcConnection? _connection;
    private object? _plugin;
    private LoadedPlugin? _loaded;
    private int _isLoaded;
    private long _dropped;

    /// <summary>Why the worker has to end, once it has to; null where the host closes the channel.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>True once the plugin was stopped as the host asked.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>The connection; set before it starts.</summary>
    public RpcConnection Connection
    {
        get => _connection ?? throw new InvalidOperationException("The connection is not set.");
        set => _connection = value;
    }

    /// <summary>Takes the host's offers of transports; set before the connection starts. Null takes none.</summary>
    public TransportChoice? Transports { get; set; }

    /// <summary>Tells the host that this process lives; set before the connection starts. Null for a host that does not ask for it.</summary>
    public Heartbeat? Heartbeat { get; set; }

    /// <summary>Tells the host of an exception that is about to end this process. Returns when it is on its way.</summary>
    public void Dying(object thrown)
    {
        ThrownException described = thrown is Exception exception
            ? ThrownException.Read(exception)
            : new ThrownException(FaultKind.UnhandledException, thrown.GetType().FullName ?? "", thrown.ToString() ?? "", null);
        Connection.Notify(new DyingCall(new DyingNotice(described.Type, described.Message, described.Stack)));
    }

    /// <inheritdoc/>
    protected override ValueTask<HelloReply> HelloAsync(HelloRequest request, CancellationToken cancellationToken)
    {
        int protocol = Math.Min(request.ProtocolMax, WorkerProtocolVersion.Max);
        string? codec = request.Codecs.FirstOrDefault(c => c is WorkerProtocolVersion.MessagePack or WorkerProtocolVersion.Json);
        if (protocol < Math.Max(request.ProtocolMin, WorkerProtocolVersion.Min))
        {
            throw Refuse(
                $"The host (version {request.HostVersion}) speaks protocol {request.ProtocolMin} to {request.ProtocolMax}, this worker (version {Version}) " +
                $"{WorkerProtocolVersion.Min} to {WorkerProtocolVersion.Max}. Install host and worker of the same release.");
        }

        if (codec is null)
        {
            throw Refuse(
                $"The host (version {request.HostVersion}) speaks {string.Join(", ", request.Codecs)}, this worker (version {Version}) " +
                $"{WorkerProtocolVersion.MessagePack} and {WorkerProtocolVersion.Json}. Install host and worker of the same release.");
        }

        string transport = WorkerProtocolVersion.Socket;
        string? problem = null;
        if (Transports?.Take(request.Transports, out problem) == true)
        {
            transport = WorkerProtocolVersion.Ring;
        }

        return new(new HelloReply(protocol, codec, Version, RuntimeInformation.FrameworkDescription, Environment.ProcessId)
        {
            Transport = transport,
            TransportProblem = problem,
        });
    }

    /// <inheritdoc/>
    protected override async ValueTask<LoadReply> LoadAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        if (request.IsRehearsal)
        {
            (_, IReadOnlyList<ContractDescriptor> rehearsed, _) = Create(request);
            return Reply(rehearsed);
        }

        if (Interlocked.Exchange(ref _isLoaded, 1) != 0)
        {
            throw new InvalidOperationException("A worker loads one plugin, once.");
        }

        // Not before: until the host's first message over the new transport the worker says nothing of its own.
        Heartbeat?.Start();
        try
        {
            return await StartPluginAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (PluginLoadException failed)
        {
            ExitCode = WorkerExitCodes.LoadFailed;
            throw LoadRefusal.Of(failed);
        }
    }

    /// <inheritdoc/>
    protected override long Ping() => clock.GetTimestamp();

    /// <inheritdoc/>
    protected override async ValueTask HealthAsync(CancellationToken cancellationToken)
    {
        if (_plugin is not { } plugin || _loaded is not { } loaded)
        {
            throw new InvalidOperationException("No plugin has been loaded.");
        }

        try
        {
            await loaded.CheckHealthAsync(plugin, cancellationToken).ConfigureAwait(false);
        }
        catch (PluginLoadException failed)
        {
            throw LoadRefusal.Of(failed);
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask<StopReply> StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        // The host hears that its request has come before the plugin's code has the thread.
        Heartbeat?.Now();
        await _stopping.CancelAsync().ConfigureAwait(false);
        long began = clock.GetTimestamp();

        // This very call is one of them. What the host has open may still be read and called.
        while ((Connection.PendingInbound > 1 || Connection.OpenLeases > 0) && clock.GetElapsedTime(began) < drain)
        {
            await Task.Delay(s_drainStep, clock, cancellationToken).ConfigureAwait(false);
        }

        int abandoned = Math.Max(0, Connection.PendingInbound - 1);
        switch (_plugin)
        {
            case IAsyncDisposable asynchronous:
                await asynchronous.DisposeAsync().ConfigureAwait(false);
                break;
            case IDisposable synchronous:
                synchronous.Dispose();
                break;
        }

        IsStopped = true;
        return new StopReply(abandoned);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private const string TempVariable = "TMPDIR";

    private static string Version { get; } = typeof(PluginSession).Assembly.GetName().Version?.ToString(3) ?? "0";

    private async Task<LoadReply> StartPluginAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        // Known only now: a worker may have been started before anybody knew which plugin it would run.
        Enter(request);
        Connection.UseLeaseInvoker(new HostLeaseInvoker(request.PluginId, Connection));
        (LoadedPlugin loaded, IReadOnlyList<ContractDescriptor> contracts, object plugin) = Create(request);
        if (plugin is IAsyncStartable startable)
        {
            try
            {
                await startable.StartAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception thrown)
            {
                throw loaded.Diagnose(thrown, $"StartAsync of {loaded.PluginType.FullName}");
            }
        }

        _loaded = loaded;
        _plugin = plugin;
        foreach (ContractDescriptor contract in contracts)
        {
            Connection.AddTarget(contract.CreateDispatcher(plugin));
        }

        return Reply(contracts);
    }

    /// <summary>Loads the plugin and makes its object; a rehearsal does as much.</summary>
    private (LoadedPlugin Loaded, IReadOnlyList<ContractDescriptor> Contracts, object Plugin) Create(LoadRequest request)
    {
        SharedAssemblies shared = new(request.SharedAssemblies.Select(s => new KeyValuePair<string, string>(s.Name, s.Path)));
        List<ContractDescriptor> contracts = [.. request.Contracts.Select(c => Find(request.PluginId, shared, c))];
        LoadedPlugin loaded = PluginLoader.Load(new LoadOptions
        {
            PluginId = request.PluginId,
            Folder = request.Folder,
            EntryAssembly = request.Entry,
            Contracts = [.. contracts.Select(c => c.InterfaceType)],
            Shared = shared,
            Collectible = false,
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
        return (assembly is null ? null : ContractDescriptor.FindAll(assembly).FirstOrDefault(d => d.Name == wanted.Name && d.Major == wanted.Major))
            ?? throw new PluginLoadException(
                pluginId,
                FaultKind.ContractMismatch,
                $"Plugin '{pluginId}' cannot be started: the worker finds no contract {wanted.Name}@{wanted.Major} in {wanted.Assembly}{(assembly is null ? ", which the host does not share" : "")}.",
                "Add the assembly to what the host shares, and build it with the contract generator.");
    }

    private void Send(LogEvent logged)
    {
        long dropped = Interlocked.Exchange(ref _dropped, 0);
        if (dropped > 0 && !Connection.Notify(new LogCall(DroppedEvents.Describe(dropped, logged))))
        {
            Interlocked.Add(ref _dropped, dropped);
        }

        if (!Connection.Notify(new LogCall(logged)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private InvalidOperationException Refuse(string message)
    {
        ExitCode = WorkerExitCodes.HandshakeRefused;
        return new InvalidOperationException(message);
    }
}

using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Starts workers of a class: the process, its channel, and the handshake's first message. Knows no plugin. Thread-safe.</summary>
internal sealed class WorkerStarter(ProcessTierOptions options, TimeProvider clock, RunningWorkers? running)
{
    private const string SpareName = NotedWorker.NoPlugin;
    private const string RehearsalName = "rehearsal";
    private const int RehearsedCalls = 3;
    private static readonly string s_version = typeof(WorkerStarter).Assembly.GetName().Version?.ToString(3) ?? "0";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SharedAssembly> _shared = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ContractRequest> _contracts = new(StringComparer.Ordinal);

    /// <summary>The worker's program.</summary>
    public string Program { get; } = WorkerCommand.ProgramOf(options);

    /// <summary>The host's first message.</summary>
    public HelloRequest Hello(RingOffer offer) =>
        new(WorkerProtocolVersion.Min, WorkerProtocolVersion.Max, [NameOf(options.Codec)], s_version, Environment.ProcessId) { Transports = offer.Transports };

    /// <summary>Remembers what plugins need from the host, for the rehearsals of spares to come.</summary>
    /// <param name="load">A load that is about to be asked for.</param>
    public void Learn(LoadRequest load)
    {
        lock (_lock)
        {
            foreach (SharedAssembly shared in load.SharedAssemblies)
            {
                _shared[shared.Name] = shared;
            }

            foreach (ContractRequest contract in load.Contracts)
            {
                _contracts[$"{contract.Name}@{contract.Major}"] = contract;
            }
        }
    }

    /// <summary>Starts the process and opens its channel.</summary>
    /// <param name="kind">The class.</param>
    /// <param name="offer">The rings it inherits.</param>
    /// <param name="owner">The plugin's id, or what stands for it.</param>
    /// <param name="first">Where its output goes before it has a plugin.</param>
    /// <exception cref="SpawnException">The system refused.</exception>
    public async Task<StartedWorker> SpawnAsync(WorkerClass kind, RingOffer offer, string owner, ILogger first)
    {
        LateLogger logger = new(first);
        LateChain chain = new();
        PayloadOffer payloads = PayloadOffer.Of(options, owner, first);
        WorkerProcess process;
        try
        {
            process = await WorkerSpawner.Shared.SpawnAsync(WorkerCommand.Create(
                new ChildOwner(Program, owner, running),
                kind,
                payloads.Describe(offer.Descriptors.Count),
                options.Hangs.Heartbeat,
                logger,
                clock,
                options.FrameworkConfigurations,
                [.. offer.Descriptors, .. payloads.Descriptors])).ConfigureAwait(false);
        }
        catch (Exception failed) when (failed is SpawnException or IOException or UnauthorizedAccessException)
        {
            payloads.Abandon();
            if (failed is SpawnException)
            {
                throw;
            }

            throw new SpawnException($"the runtime configuration for the frameworks of {owner} ({kind.Frameworks}) cannot be written to '{options.FrameworkConfigurations}': {failed.Message}");
        }

        WorkerReports reports = new(logger);
        RpcOptions rpc = new()
        {
            // From the first message on: a worker reads either, and is spared the start of the other.
            Codec = options.Codec,
            MaxMessageBytes = kind.MessageBytes,
            Clock = clock,
            Chain = chain,
            SendsStacks = false,
            TrustsPeerTrace = kind.TrustsTrace,
            Payloads = payloads.ForHost(kind.Tier),
            ReaderThreadName = $"pluginhost worker {process.Pid}",
        };
        RingTransport transport = new(new Socket(process.Channel));
        RpcConnection connection = new(transport, rpc, [reports], logger);
        connection.Start();
        return new StartedWorker(kind, process, connection, transport, reports, logger, chain, clock);
    }

    /// <summary>Starts a worker without a plugin and makes it warm: handshake, the way of a load, the way of a call.</summary>
    /// <exception cref="SpawnException">The system refused, or the worker took a protocol, codec or transport that it was not offered.</exception>
    /// <exception cref="RpcException">The worker ended, refused, or was not ready within the options' times.</exception>
    public async Task<StartedWorker> StartSpareAsync(WorkerClass kind, ILogger logger, CancellationToken cancellationToken)
    {
        using RingOffer offer = RingOffer.Of(options, SpareName, logger);
        StartedWorker worker = await SpawnAsync(kind, offer, SpareName, logger).ConfigureAwait(false);
        try
        {
            HelloRequest hello = Hello(offer);
            HelloReply agreed = (await worker.Connection.CallAsync<HelloCall, HelloReply>(new HelloCall(hello), options.HandshakeTimeout, cancellationToken).ConfigureAwait(false)).Value;
            if (HandshakeCheck.Problem(hello, agreed) is { } problem)
            {
                throw new SpawnException($"Worker {worker.Pid} {problem} {HandshakeCheck.Remedy}");
            }

            if (!worker.Agree(agreed, offer, SpareName, options))
            {
                throw new SpawnException($"Worker {worker.Pid} took the transport '{agreed.Transport}', which it was not offered.");
            }

            await RehearseAsync(worker, cancellationToken).ConfigureAwait(false);
            return worker;
        }
        catch
        {
            await worker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task RehearseAsync(StartedWorker worker, CancellationToken cancellationToken)
    {
        (string folder, string entry) = WorkerCommand.RehearsalOf(options);
        IReadOnlyList<ContractRequest> contracts;
        IReadOnlyList<SharedAssembly> shared;
        lock (_lock)
        {
            contracts = [.. _contracts.Values];
            shared = [.. _shared.Values];
        }

        LoadRequest rehearsal = new(RehearsalName, 0, folder, entry, folder, "{}", contracts, shared, (int)options.StartTimeout.TotalMilliseconds, [], Timeout.Infinite) { IsRehearsal = true };
        await worker.Connection.CallAsync<LoadCall, LoadReply>(new LoadCall(rehearsal), options.StartTimeout, cancellationToken).ConfigureAwait(false);
        for (int call = 0; call < RehearsedCalls; call++)
        {
            await worker.Connection.CallAsync<PingCall, long>(default, options.HandshakeTimeout, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string NameOf(RpcCodec codec) => codec == RpcCodec.Json ? WorkerProtocolVersion.Json : WorkerProtocolVersion.MessagePack;
}

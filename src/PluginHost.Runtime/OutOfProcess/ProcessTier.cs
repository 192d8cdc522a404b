using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Codecs;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Transport;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Runs each plugin in a child process: spawn, handshake, load, ready, each within its time. Thread-safe.</summary>
internal sealed class ProcessTier : ITier
{
    private static readonly string s_version = typeof(ProcessTier).Assembly.GetName().Version?.ToString(3) ?? "0";
    private readonly ProcessTierOptions _options;
    private readonly TimeProvider _clock;

    /// <summary>Creates one.</summary>
    /// <exception cref="ArgumentException">The options are not valid; the message lists all problems.</exception>
    public ProcessTier(ProcessTierOptions options, TimeProvider clock)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        _options = options;
        _clock = clock;
    }

    /// <inheritdoc/>
    public PluginTier Kind => PluginTier.Process;

    /// <inheritdoc/>
    public async Task<IPluginInstance> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        long began = _clock.GetTimestamp();
        WorkerIdentity identity = new(request.Manifest.Id, Kind, request.Generation);
        if (request.Manifest.Entry is not { } entry)
        {
            WorkerLink program = await new ProgramLaunch(_options, _clock).RunAsync(identity, request, cancellationToken).ConfigureAwait(false);
            Log.Started(request.Logger, identity.PluginId, program.Pid, identity.Generation, WorkerProtocolVersion.Json, SharedSections.Word(request.Manifest.Channel), _clock.GetElapsedTime(began));
            return new WorkerInstance(program, request, _clock);
        }

        using RingOffer offer = RingOffer.Of(_options, identity.PluginId, request.Logger);
        (WorkerLink link, RingTransport transport) = await SpawnAsync(identity, request, offer).ConfigureAwait(false);
        try
        {
            HelloRequest hello = new(WorkerProtocolVersion.Min, WorkerProtocolVersion.Max, [NameOf(_options.Codec)], s_version, Environment.ProcessId)
            {
                Transports = offer.Transports,
            };
            HelloReply agreed = await AskAsync<HelloCall, HelloReply>(
                link, new HelloCall(hello), "the handshake", _options.HandshakeTimeout, nameof(_options.HandshakeTimeout), cancellationToken).ConfigureAwait(false);
            link.Connection.UseCodec(_options.Codec);
            if (!offer.Agree(agreed, transport, identity.PluginId, request.Logger))
            {
                throw StartFailure.NotSpawned(identity, $"worker {link.Pid} took the transport '{agreed.Transport}', which it was not offered.");
            }

            LoadReply loaded = await AskAsync<LoadCall, LoadReply>(
                link, new LoadCall(LoadOf(request, entry)), "its start", _options.StartTimeout, nameof(_options.StartTimeout), cancellationToken).ConfigureAwait(false);
            CheckContracts(identity, request.Contracts, loaded.Contracts);
            Log.Started(request.Logger, identity.PluginId, link.Pid, identity.Generation, agreed.Codec, agreed.Transport, _clock.GetElapsedTime(began));
            return new WorkerInstance(link, request, _clock);
        }
        catch
        {
            await link.KillAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<(WorkerLink Link, RingTransport Transport)> SpawnAsync(WorkerIdentity identity, StartRequest request, RingOffer offer)
    {
        string program = WorkerCommand.ProgramOf(_options);
        if (!File.Exists(program))
        {
            throw StartFailure.NoProgram(identity, program);
        }

        WorkerProcess process;
        PayloadOffer payloads = PayloadOffer.Of(_options, identity.PluginId, request.Logger);
        try
        {
            SpawnRequest spawn = WorkerCommand.Create(program, request, payloads.Describe(offer.Descriptors.Count), _options.Hangs.Heartbeat, _clock, [.. offer.Descriptors, .. payloads.Descriptors]);
            process = await WorkerSpawner.Shared.SpawnAsync(spawn).ConfigureAwait(false);
        }
        catch (SpawnException refused)
        {
            payloads.Abandon();
            throw StartFailure.NotSpawned(identity, refused.Message);
        }

        request.WorkerStarted?.Invoke(process.Pid);
        WorkerReports reports = new(request.Logger);
        RpcOptions options = new()
        {
            MaxMessageBytes = request.Manifest.Limits.Message,
            Clock = _clock,
            Chain = request.Chains,
            SendsStacks = false,
            TrustsPeerTrace = request.TrustsTrace,
            Payloads = payloads.ForHost(identity.Tier),
            ReaderThreadName = $"pluginhost {identity.PluginId}",
        };
        RingTransport transport = new(new Socket(process.Channel));
        RpcConnection connection = new(transport, options, [reports, .. ServiceTarget.Of(request)], request.Logger);
        connection.Start();
        return (new WorkerLink(identity, process, connection, reports, request, _options, _clock), transport);
    }

    /// <summary>One step of a start.</summary>
    private static async Task<TReply> AskAsync<TCall, TReply>(
        WorkerLink link, TCall call, string stage, TimeSpan limit, string option, CancellationToken cancellationToken)
        where TCall : struct, ICall<TReply>
    {
        try
        {
            return (await link.Connection.CallAsync<TCall, TReply>(call, limit, cancellationToken).ConfigureAwait(false)).Value;
        }
        catch (RpcConnectionLostException)
        {
            throw StartFailure.Died(link.Identity, $"before {stage} had ended", await link.Gone.ConfigureAwait(false));
        }
        catch (RpcTimeoutException)
        {
            throw StartFailure.TooLate(link.Identity, stage, limit, $"ProcessTierOptions.{option}", await link.KillAsync().ConfigureAwait(false));
        }
        catch (RpcErrorException refused)
        {
            throw StartFailure.Refused(link.Identity, typeof(TCall) == typeof(HelloCall), refused);
        }
    }

    private LoadRequest LoadOf(StartRequest request, string entry) => new(
        request.Manifest.Id,
        request.Generation,
        request.Folder,
        entry,
        request.DataFolder,
        request.Settings.GetRawText(),
        [.. request.Contracts.Select(c => new ContractRequest(c.Name, c.Major, c.GetType().Assembly.GetName().Name!))],
        [.. request.SharedAssemblies.Select(a => new SharedAssembly(a.Key, a.Value))],
        (int)_options.StartTimeout.TotalMilliseconds,
        [.. request.Services.Grants.Select(g => new ServiceOffer(g.Reference.Name, g.Reference.Major, g.Contract?.GetType().Assembly.GetName().Name, g.Refusal))],
        (int)request.Manifest.Limits.CallTimeout.TotalMilliseconds);

    /// <summary>The worker's copy of a contract must know every method of the host's.</summary>
    internal static void CheckContracts(WorkerIdentity identity, IReadOnlyList<ContractDescriptor> contracts, IReadOnlyList<LoadedContract> loaded)
    {
        foreach (ContractDescriptor contract in contracts)
        {
            LoadedContract? offered = loaded.FirstOrDefault(c => c.Name == contract.Name);
            string[] missing = [.. contract.Methods.Select(m => m.WireName).Except(offered?.Methods ?? [])];
            if (missing.Length > 0)
            {
                StringBuilder what = new($"Plugin '{identity.PluginId}' cannot be called through {contract.VersionedName}: ");
                what.Append(offered is null ? "its worker does not offer the contract." : $"its worker does not know {string.Join(", ", missing)}.");
                throw new ContractMismatchException(what.ToString(), identity.Fault(FaultKind.ContractMismatch));
            }
        }
    }

    private static string NameOf(RpcCodec codec) => codec == RpcCodec.Json ? WorkerProtocolVersion.Json : WorkerProtocolVersion.MessagePack;
}

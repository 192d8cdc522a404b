using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Store;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// Runs each plugin in a child process, in several or in one for each call: spawn, handshake, load, ready, each within its time; the first two are
/// behind it where a spare stands ready. Thread-safe.
/// </summary>
internal sealed class ProcessTier : ITier, IAsyncDisposable
{
    // What a worker says is kept: no more of it than a name can be.
    private const int LongestTypeName = 1024;

    private readonly ProcessTierOptions _options;
    private readonly TimeProvider _clock;
    private readonly RunningWorkers? _running;
    private readonly WorkerStarter _starter;
    private readonly SparePool _spares;

    // By plugin: where it has one worker at a time, the last one.
    private readonly ConcurrentDictionary<string, WorkerLink> _last = new(StringComparer.Ordinal);

    /// <summary>Creates one.</summary>
    /// <param name="options">How workers are started.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">For what belongs to no plugin; null for nowhere.</param>
    /// <param name="running">Where the start and end of workers are written down for the next host; null for nowhere.</param>
    /// <exception cref="ArgumentException">The options are not valid; the message lists all problems.</exception>
    public ProcessTier(ProcessTierOptions options, TimeProvider clock, ILogger? logger = null, RunningWorkers? running = null)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join(" ", problems), nameof(options));
        }

        ILogger log = logger ?? NullLogger.Instance;
        _options = options;
        _clock = clock;
        _running = running;
        _starter = new WorkerStarter(options, clock, running);
        _spares = new SparePool(options.Spares, (kind, cancellation) => _starter.StartSpareAsync(kind, log, cancellation), clock, log);
    }

    /// <inheritdoc/>
    public PluginTier Kind => PluginTier.Process;

    /// <summary>What the spares did so far.</summary>
    public SpareCounts Spares => _spares.Counts;

    /// <inheritdoc/>
    public async Task<IPluginInstance> StartAsync(StartRequest request, CancellationToken cancellationToken) => request.Manifest switch
    {
        { Isolation: IsolationMode.PerCall } => await PerCallInstance.StartAsync(request, Kind, StartWorkerAsync, _clock, cancellationToken).ConfigureAwait(false),
        { Workers: > 1 } => await WorkerPool.StartAsync(request, Kind, StartWorkerAsync, _clock, cancellationToken).ConfigureAwait(false),
        _ => await StartWorkerAsync(request, null, cancellationToken).ConfigureAwait(false),
    };

    /// <summary>Tells the log where the plugin's assemblies come from, as its files say: only where somebody listens.</summary>
    private static void TellAssemblies(StartRequest request, string entry)
    {
        if (!request.Logger.IsEnabled(LogLevel.Debug))
        {
            return;
        }

        LoadOptions options = new() { PluginId = request.Manifest.Id, Folder = request.Folder, EntryAssembly = entry, Shared = new SharedAssemblies(request.SharedAssemblies) };
        AssemblyReport report = AssemblyReport.Read(options, [], inWorker: true);
        foreach (LoadedAssembly row in report.Assemblies)
        {
            Log.Assembly(request.Logger, options.PluginId, request.Generation, row.Name, row.Version, row.From, row.Because);
        }

        foreach (AssemblyProblem problem in report.Problems)
        {
            Log.AssemblyProblem(request.Logger, options.PluginId, request.Generation, problem.Message, problem.Remedy);
        }
    }

    /// <summary>Starts one worker.</summary>
    /// <param name="request">For what.</param>
    /// <param name="gate">What its calls go through; null for one by the manifest's limits.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PluginException">It could not be started.</exception>
    private async Task<WorkerInstance> StartWorkerAsync(StartRequest request, CallGate? gate, CancellationToken cancellationToken)
    {
        long began = _clock.GetTimestamp();
        WorkerIdentity identity = new(request.Manifest.Id, Kind, request.Generation);
        if (request.Manifest.Entry is not { } entry)
        {
            await LeftAsync(identity, gate).ConfigureAwait(false);
            WorkerLink program = await new ProgramLaunch(_options, _clock, _running).RunAsync(identity, request, cancellationToken).ConfigureAwait(false);
            Log.Started(request.Logger, identity.PluginId, program.Pid, identity.Generation, WorkerProtocolVersion.Json, SharedSections.Word(request.Manifest.Channel), _clock.GetElapsedTime(began));
            _last[identity.PluginId] = program;
            return new WorkerInstance(program, request, _clock, gate);
        }

        WorkerClass kind = WorkerClass.Of(request, Kind);
        _starter.Learn(LoadOf(request, entry));
        try
        {
            while (request.TakesSpare && _spares.Take(kind) is { } spare)
            {
                if (await LoadAsync(Become(spare), spare, isSpare: true).ConfigureAwait(false) is { } instance)
                {
                    return instance;
                }
            }

            (WorkerLink link, StartedWorker worker) = await StartColdAsync(kind, identity, request, cancellationToken).ConfigureAwait(false);
            return (await LoadAsync(link, worker, isSpare: false).ConfigureAwait(false))!;
        }
        finally
        {
            if (request.TakesSpare)
            {
                _spares.Keep(kind);
            }
        }

        WorkerLink Become(StartedWorker spare)
        {
            _running?.Became(spare.Pid, identity.PluginId);
            return spare.Become(identity, request, _options, _clock);
        }

        // Null for a spare that somebody killed: that says nothing of the plugin.
        async Task<WorkerInstance?> LoadAsync(WorkerLink link, StartedWorker worker, bool isSpare)
        {
            try
            {
                await LeftAsync(identity, gate).ConfigureAwait(false);
                LoadReply loaded = await AskAsync<LoadCall, LoadReply>(
                    link, new LoadCall(LoadOf(request, entry)), "its start", _options.StartTimeout, nameof(_options.StartTimeout), cancellationToken).ConfigureAwait(false);
                CheckContracts(identity, request.Contracts, loaded.Contracts);
                if (request.Findings is { } findings)
                {
                    findings.Class = loaded.Found is { Name.Length: <= LongestTypeName } found ? found : null;
                }

                HelloReply agreed = worker.Agreed!;
                Log.Started(request.Logger, identity.PluginId, link.Pid, identity.Generation, agreed.Codec, agreed.Transport, _clock.GetElapsedTime(began));
                TellAssemblies(request, entry);
                _last[identity.PluginId] = link;
                return new WorkerInstance(link, request, _clock, gate);
            }
            catch (PluginFaultException killed) when (isSpare && !link.IsStopping && killed.Cause.Signal == Signals.NameOf(Signals.Kill))
            {
                await link.KillAsync().ConfigureAwait(false);
                return null;
            }
            catch
            {
                await link.KillAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    // Its files and ports are the next one's only once the dead process has let go of them, milliseconds after its death was seen.
    private Task LeftAsync(WorkerIdentity identity, CallGate? gate) =>
        gate is null && _last.TryGetValue(identity.PluginId, out WorkerLink? last) ? last.LeftAsync() : Task.CompletedTask;

    /// <summary>Ends the spares. What was started stays its owners'.</summary>
    public ValueTask DisposeAsync() => _spares.DisposeAsync();

    private async Task<(WorkerLink Link, StartedWorker Worker)> StartColdAsync(
        WorkerClass kind, WorkerIdentity identity, StartRequest request, CancellationToken cancellationToken)
    {
        if (!File.Exists(_starter.Program))
        {
            throw StartFailure.NoProgram(identity, _starter.Program);
        }

        using RingOffer offer = RingOffer.Of(_options, identity.PluginId, request.Logger);
        StartedWorker worker;
        try
        {
            worker = await _starter.SpawnAsync(kind, offer, identity.PluginId, request.Logger).ConfigureAwait(false);
        }
        catch (SpawnException refused)
        {
            throw StartFailure.NotSpawned(identity, refused.Message);
        }

        // Its plugin is known: what goes wrong from here on is told as that plugin's start.
        WorkerLink link = worker.Become(identity, request, _options, _clock);
        try
        {
            HelloRequest hello = _starter.Hello(offer);
            HelloReply agreed = await AskAsync<HelloCall, HelloReply>(
                link, new HelloCall(hello), "the handshake", _options.HandshakeTimeout, nameof(_options.HandshakeTimeout), cancellationToken).ConfigureAwait(false);
            if (HandshakeCheck.Problem(hello, agreed) is { } problem)
            {
                throw StartFailure.Disagrees(identity, link.Pid, problem);
            }

            return worker.Agree(agreed, offer, identity.PluginId, _options)
                ? (link, worker)
                : throw StartFailure.NotSpawned(identity, $"worker {link.Pid} took the transport '{agreed.Transport}', which it was not offered.");
        }
        catch
        {
            await link.KillAsync().ConfigureAwait(false);
            throw;
        }
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
        catch (RpcException broken)
        {
            throw StartFailure.NotAsked(link.Identity, stage, broken);
        }
    }

    private LoadRequest LoadOf(StartRequest request, string entry) => new(
        request.Manifest.Id,
        request.Generation,
        request.Folder,
        entry,
        request.DataFolder,
        request.Settings.GetRawText(),
        [.. request.Contracts.Select(c => new ContractRequest(c.Name, c.Major, c.GetType().Assembly.GetName().Name!) { Descriptor = c.GetType().MetadataToken })],
        [.. request.SharedAssemblies.Select(a => new SharedAssembly(a.Key, a.Value))],
        (int)_options.StartTimeout.TotalMilliseconds,
        [.. request.Services.Grants.Select(g => new ServiceOffer(g.Reference.Name, g.Reference.Major, g.Contract?.GetType().Assembly.GetName().Name, g.Refusal))],
        (int)request.Manifest.Limits.CallTimeout.TotalMilliseconds)
    {
        LeastLogLevel = WorkerCommand.LeastLevel(request.Logger),
        TempFolder = request.TempFolder,
        Known = request.Findings?.Class,
        IsAhead = request.IsAhead,
    };

    /// <summary>
    /// The worker's copy of a contract must know every method of the host's that was there when the contract was first released. One that came later has a
    /// body: a worker without it serves the others, and calls of that one fail by themselves.
    /// </summary>
    internal static void CheckContracts(WorkerIdentity identity, IReadOnlyList<ContractDescriptor> contracts, IReadOnlyList<LoadedContract> loaded)
    {
        foreach (ContractDescriptor contract in contracts)
        {
            LoadedContract? offered = loaded.FirstOrDefault(c => c.Name == contract.Name);
            string[] missing = [.. contract.Methods.Where(m => offered is null || (!offered.Methods.Contains(m.WireName) && !HasBody(contract, m))).Select(m => m.WireName)];
            if (missing.Length > 0)
            {
                StringBuilder what = new($"Plugin '{identity.PluginId}' cannot be called through {contract.VersionedName}: ");
                what.Append(offered is null ? "its worker does not offer the contract." : $"its worker does not know {string.Join(", ", missing)}.");
                throw new ContractMismatchException(what.ToString(), identity.Fault(FaultKind.ContractMismatch));
            }
        }
    }

    // Its own, or one that an interface gives to what another left open: a private method, named in full.
    private static bool HasBody(ContractDescriptor contract, ContractMethod method) => contract.InterfaceType.GetInterfaces().Prepend(contract.InterfaceType)
        .SelectMany(i => i.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        .Any(m => !m.IsAbstract && m.Name[(m.Name.LastIndexOf('.') + 1)..] == method.Name);
}

using System.Text.Json.Nodes;
using Bench.Contracts;
using Microsoft.Extensions.Logging;
using PluginHost.Cli.Output;
using PluginHost.Contracts.Faults;
using PluginHost.Rpc.Codecs;
using PluginHost.Runtime;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Trust;

namespace PluginHost.Cli.Bench;

/// <summary>Measures floors and tiers in turns, round after round, so that what the machine does meanwhile meets all of them alike.</summary>
internal sealed class TaxRun : IAsyncDisposable
{
    /// <summary>The measured plugin's id.</summary>
    public const string PluginId = "pluginhost.bench";

    private const int Rounds = 5;
    private const int FloorSamples = 2000;
    private const int WarmUps = 4;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan s_compiling = TimeSpan.FromMilliseconds(300);
    private static readonly long[] s_rates = [1_000, 10_000, 100_000, 1_000_000];
    private static readonly (RpcCodec, string, WorkerTransport, string)[] s_remote =
    [
        (RpcCodec.MessagePack, "messagepack", WorkerTransport.Socket, TaxRow.Socket),
        (RpcCodec.MessagePack, "messagepack", WorkerTransport.Ring, TaxRow.Ring),
        (RpcCodec.Json, "json", WorkerTransport.Socket, TaxRow.Socket),
    ];

    private readonly List<PluginRuntime> _runtimes = [];
    private readonly List<TaxRow> _rows = [];
    private readonly List<double> _interfaceNs = [];
    private readonly List<double> _pinnedNs = [];
    private readonly List<double> _socketNs = [];
    private readonly List<double> _memoryNs = [];
    private readonly SyncLoop<Add<RawSite>> _interfaceCall = new();
    private readonly SyncLoop<Add<PinnedRawSite>> _pinnedCall = new();
    private readonly TimeProvider _clock;
    private readonly RawTarget _raw;
    private readonly RawTarget _pinnedRaw;
    private readonly RowMeter _meter;
    private readonly SocketPingPong _socket;
    private readonly SharedMemoryPingPong _memory;

    private TaxRun(string benchPlugins, string scratch, TimeProvider clock)
    {
        _clock = clock;
        _raw = new RawTarget(benchPlugins, isPinned: false);
        _pinnedRaw = new RawTarget(benchPlugins, isPinned: true);
        _meter = new RowMeter(clock);
        _socket = new SocketPingPong(scratch);
        _memory = new SharedMemoryPingPong(scratch);
    }

    /// <summary>Starts the runtimes that are measured: one for each mode in-process, and one for each codec and transport out of process.</summary>
    /// <param name="benchPlugins">The folder with the measured plugin's folder.</param>
    /// <param name="scratch">A private folder for state and sockets.</param>
    /// <param name="loggers">Where the engine logs.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<TaxRun> StartAsync(
        string benchPlugins, string scratch, ILoggerFactory loggers, TimeProvider clock, CancellationToken cancellationToken)
    {
        TaxRun run = new(benchPlugins, scratch, clock);
        PluginRuntimeOptions near = new()
        {
            Directory = benchPlugins,
            Policy = new PluginPolicy { Development = benchPlugins },
            StateFolder = Path.Combine(scratch, "near"),
            LoggerFactory = loggers,
            ContractAssemblies = [typeof(IBench).Assembly],
            HandleUnhandledExceptions = true,
            Clock = clock,
        };
        PluginOverrides far = new() { Tier = PluginTier.Process };
        PluginPolicy afar = near.Policy with { Plugins = new Dictionary<string, PluginOverrides> { [PluginId] = far } };
        try
        {
            run.AddInProcess(await run.OpenAsync<IBench>(near, cancellationToken).ConfigureAwait(false));
            string pinned = PinnedCopy(benchPlugins, Path.Combine(scratch, "pinned-plugins"));
            PluginRuntimeOptions forGood = near with
            {
                Directory = pinned,
                Policy = new PluginPolicy { Development = pinned },
                StateFolder = Path.Combine(scratch, "pinned"),
            };
            run.AddPinned(await run.OpenAsync<IPinnedBench>(forGood, cancellationToken).ConfigureAwait(false));
            foreach ((RpcCodec codec, string word, WorkerTransport transport, string carrier) in s_remote)
            {
                PluginRuntimeOptions options = near with
                {
                    Policy = afar,
                    Codec = codec,
                    Transport = transport,
                    StateFolder = Path.Combine(scratch, $"{word}-{carrier}"),
                };
                run.AddProcess(await run.OpenAsync<IBench>(options, cancellationToken).ConfigureAwait(false), word, carrier);
            }
        }
        catch
        {
            await run.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return run;
    }

    /// <summary>Measures.</summary>
    /// <param name="time">About how long in all.</param>
    /// <param name="progress">Told of each round's beginning.</param>
    /// <param name="cancellationToken">Gives up; also the token that calls with a token carry.</param>
    public async Task<TaxDocument> MeasureAsync(TimeSpan time, Action<string> progress, CancellationToken cancellationToken)
    {
        progress("Warming up.");
        for (int i = 0; i < WarmUps; i++)
        {
            await RoundAsync(s_warmUp, keep: false, cancellationToken).ConfigureAwait(false);

            // The JIT promotes what is called often only once nothing new has been called for a while, and needs a core for it.
            await Task.Delay(s_compiling, _clock, cancellationToken).ConfigureAwait(false);
        }

        TimeSpan each = time / (Rounds * (_rows.Count + 1));
        for (int round = 1; round <= Rounds; round++)
        {
            progress($"Round {round} of {Rounds}.");
            await RoundAsync(each, keep: true, cancellationToken).ConfigureAwait(false);
        }

        return Report();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _memory.Dispose();
        foreach (PluginRuntime runtime in _runtimes)
        {
            await runtime.DisposeAsync().ConfigureAwait(false);
        }

        _raw.Dispose();
        _pinnedRaw.Dispose();
    }

    private async Task<IBench> OpenAsync<TContract>(PluginRuntimeOptions options, CancellationToken cancellationToken)
        where TContract : class, IBench
    {
        PluginRuntime runtime = await PluginRuntime.StartAsync(options, cancellationToken).ConfigureAwait(false);
        _runtimes.Add(runtime);
        return runtime.Get<TContract>(PluginId);
    }

    private async Task RoundAsync(TimeSpan each, bool keep, CancellationToken cancellationToken)
    {
        // A source of its own: a token that can be cancelled, as an application would give, and that nobody else registers on.
        using CancellationTokenSource application = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await MeasureFloorsAsync(keep).ConfigureAwait(false);
        foreach (TaxRow row in _rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TaxRound measured = await _meter.MeasureAsync(row, each, application.Token).ConfigureAwait(false);
            if (keep)
            {
                row.Rounds.Add(measured);
            }
        }
    }

    private async Task MeasureFloorsAsync(bool keep)
    {
        double interfaceCall = Distribution.Median(
            await RowMeter.TimeAsync(_interfaceCall, _raw.Bench, 1000, FloorSamples, CancellationToken.None).ConfigureAwait(false));
        double pinnedCall = Distribution.Median(
            await RowMeter.TimeAsync(_pinnedCall, _pinnedRaw.Bench, 1000, FloorSamples, CancellationToken.None).ConfigureAwait(false));
        long[] ticks = new long[FloorSamples];
        _socket.Time(ticks);
        double socket = Distribution.Median(RowMeter.Nanoseconds(ticks));
        _memory.Time(ticks);
        double memory = Distribution.Median(RowMeter.Nanoseconds(ticks));
        if (keep)
        {
            _interfaceNs.Add(interfaceCall);
            _pinnedNs.Add(pinnedCall);
            _socketNs.Add(socket);
            _memoryNs.Add(memory);
        }
    }

    private void AddInProcess(IBench target)
    {
        Add(target, PluginTier.InProcess, null, new SyncLoop<Add<GuardedSite>>(), new SyncLoop<Add<RawSite>>(), "completed", hasToken: false);
        Add(target, PluginTier.InProcess, null, new SyncLoop<AddCancellable<GuardedSite>>(), new SyncLoop<AddCancellable<RawSite>>(), "completed", hasToken: true);
        Add(target, PluginTier.InProcess, null, new AsyncLoop<AddCompleted<GuardedSite>>(), new AsyncLoop<AddCompleted<RawSite>>(), "completed", hasToken: false);
        Add(target, PluginTier.InProcess, null, new AsyncLoop<AddCompletedCancellable<GuardedSite>>(), new AsyncLoop<AddCompletedCancellable<RawSite>>(), "completed", hasToken: true);
        Add(target, PluginTier.InProcess, null, new AsyncLoop<AddAwaiting<GuardedSite>>(), new AsyncLoop<AddAwaiting<RawSite>>(), "awaits", hasToken: true);
    }

    private void AddPinned(IBench target)
    {
        Add(target, new SyncLoop<Add<PinnedSite>>(), new SyncLoop<Add<PinnedRawSite>>(), "completed", hasToken: false);
        Add(target, new SyncLoop<AddCancellable<PinnedSite>>(), new SyncLoop<AddCancellable<PinnedRawSite>>(), "completed", hasToken: true);
        Add(target, new AsyncLoop<AddCompleted<PinnedSite>>(), new AsyncLoop<AddCompleted<PinnedRawSite>>(), "completed", hasToken: false);
        Add(target, new AsyncLoop<AddCompletedCancellable<PinnedSite>>(), new AsyncLoop<AddCompletedCancellable<PinnedRawSite>>(), "completed", hasToken: true);
        Add(target, new AsyncLoop<AddAwaiting<PinnedSite>>(), new AsyncLoop<AddAwaiting<PinnedRawSite>>(), "awaits", hasToken: true);
    }

    private void AddProcess(IBench target, string codec, string transport)
    {
        Add(target, PluginTier.Process, (codec, transport), new SyncLoop<AddCancellable<RemoteSite>>(), new SyncLoop<AddCancellable<RawSite>>(), "completed", hasToken: true);
        Add(target, PluginTier.Process, (codec, transport), new AsyncLoop<AddCompleted<RemoteSite>>(), new AsyncLoop<AddCompleted<RawSite>>(), "completed", hasToken: false);
        Add(target, PluginTier.Process, (codec, transport), new AsyncLoop<AddCompletedCancellable<RemoteSite>>(), new AsyncLoop<AddCompletedCancellable<RawSite>>(), "completed", hasToken: true);
        Add(target, PluginTier.Process, (codec, transport), new AsyncLoop<AddAwaiting<RemoteSite>>(), new AsyncLoop<AddAwaiting<RawSite>>(), "awaits", hasToken: true);
    }

    private void Add(IBench target, PluginTier tier, (string Codec, string Transport)? remote, CallLoop loop, CallLoop raw, string handler, bool hasToken) => _rows.Add(
        new TaxRow
        {
            Target = target, RawTarget = _raw.Bench, Tier = tier, Codec = remote?.Codec, Transport = remote?.Transport, Loop = loop, Raw = raw, Handler = handler, HasToken = hasToken,
        });

    private void Add(IBench pinned, CallLoop loop, CallLoop raw, string handler, bool hasToken) => _rows.Add(
        new TaxRow
        {
            Target = pinned, RawTarget = _pinnedRaw.Bench, IsPinned = true, Tier = PluginTier.InProcess, Loop = loop, Raw = raw, Handler = handler, HasToken = hasToken,
        });

    /// <summary>The measured plugin with a manifest that pins it.</summary>
    private static string PinnedCopy(string benchPlugins, string target)
    {
        string source = Path.Combine(benchPlugins, PluginId);
        string folder = Directory.CreateDirectory(Path.Combine(target, PluginId)).FullName;
        foreach (string file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        string manifest = Path.Combine(folder, "plugin.json");
        JsonObject json = JsonNode.Parse(File.ReadAllText(manifest))!.AsObject();
        json["unloadable"] = false;
        json["contracts"] = new JsonArray($"{typeof(IPinnedBench).FullName}@1");
        File.WriteAllText(manifest, json.ToJsonString());
        return target;
    }

    private TaxDocument Report()
    {
        double interfaceCall = Distribution.Median([.. _interfaceNs]);
        double pinnedCall = Distribution.Median([.. _pinnedNs]);
        double socket = Distribution.Median([.. _socketNs]);
        double memory = Distribution.Median([.. _memoryNs]);
        FloorLine[] floors =
        [
            new("interfaceCallCollectible", Math.Round(interfaceCall, 3), null),
            new("interfaceCallPinned", Math.Round(pinnedCall, 3), null),
            new("unixSocketPingPong", null, Math.Round(socket / 1000, 3)),
            new("sharedMemoryPingPong", null, Math.Round(memory / 1000, 3)),
        ];
        TaxTierLine[] rows = [.. _rows.Select(row => row.ToLine(interfaceCall, pinnedCall, socket, memory))];
        MachineLine machine = Machine.Describe(Rounds);
        return new TaxDocument(machine, floors, rows, [.. Tax(rows)], TaxMusts.Of(machine, rows));
    }

    // In-process the tax is what the guard adds; out of process it is all that a call uses of both processes' time.
    private static IEnumerable<TaxLine> Tax(IReadOnlyList<TaxTierLine> rows)
    {
        TaxTierLine near = rows.First(r => r is { Mode: "unloadable", Caller: "sync", Token: false });
        TaxTierLine[] far = [.. rows.Where(r => r is { Codec: "messagepack", Caller: "async", Handler: "completed", Token: true })];
        foreach (long rate in s_rates)
        {
            yield return new TaxLine(rate, near.Tier, null, Math.Round(near.OverheadNs * rate / 1e7, 4));
            foreach (TaxTierLine row in far)
            {
                yield return new TaxLine(rate, row.Tier, row.Transport, Math.Round(row.CpuNsPerCall * rate / 1e7, 4));
            }
        }
    }
}

using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Starts one worker of a plugin.</summary>
/// <param name="request">For what.</param>
/// <param name="gate">What its calls go through.</param>
/// <param name="cancellationToken">Gives up.</param>
/// <exception cref="PluginException">It could not be started.</exception>
internal delegate Task<WorkerInstance> WorkerStart(StartRequest request, CallGate gate, CancellationToken cancellationToken);

/// <summary>
/// One generation of a plugin in several workers. Each call goes to the worker with the fewest, or to the one that has its partition key; a worker
/// that ends takes only its own calls with it. The pool says which ended (<see cref="Losses"/>) and starts another when it is told to: whether and
/// when is the supervisor's to decide. Thread-safe.
/// </summary>
internal sealed partial class WorkerPool : RemoteInstance
{
    private readonly Lock _lock = new();
    private readonly StartRequest _request;
    private readonly WorkerIdentity _identity;
    private readonly WorkerStart _start;
    private readonly IInstanceObserver _observer;
    private readonly TimeProvider _clock;
    private readonly PoolSlot[] _slots;
    private readonly PoolQueue<WorkerInstance> _queue;
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<PoolLoss> _losses = Channel.CreateUnbounded<PoolLoss>();
    private readonly List<Task> _watches = [];
    private readonly HashSet<WorkerInstance> _aside = [];
    private PoolMembers _members;
    private Task<UnloadResult>? _stop;
    private bool _isDraining;

    private WorkerPool(StartRequest request, PluginTier tier, WorkerStart start, TimeProvider clock)
    {
        int workers = request.Manifest.Workers;
        _request = request;
        _identity = new WorkerIdentity(request.Manifest.Id, tier, request.Generation);
        _start = start;
        _observer = request.Observer;
        _clock = clock;
        _slots = [.. Enumerable.Range(0, workers).Select(_ => new PoolSlot { Since = clock.GetUtcNow() })];
        _queue = new PoolQueue<WorkerInstance>(workers, request.Manifest.Limits.Queue);
        _members = new PoolMembers(new WorkerInstance?[workers], new CallGate?[workers], [.. Enumerable.Range(0, workers)]);
    }

    /// <inheritdoc/>
    public override int Generation => _identity.Generation;

    /// <summary>None: there are several.</summary>
    public override int? WorkerPid => null;

    /// <summary>Never ends: what happens to single workers is in <see cref="Losses"/>, and whether all are gone is <see cref="IsSpent"/>.</summary>
    public override Task<FaultRecord> Died { get; } = new TaskCompletionSource<FaultRecord>().Task;

    /// <summary>The workers that ended, each once; ends when the pool was stopped and all are told.</summary>
    public ChannelReader<PoolLoss> Losses => _losses.Reader;

    /// <summary>True where no worker runs and none is being started.</summary>
    public bool IsSpent
    {
        get
        {
            lock (_lock)
            {
                return !Array.Exists(_slots, static s => s.State is WorkerState.Ready or WorkerState.Starting);
            }
        }
    }

    // No worker is started for it any more.
    private bool IsLeaving => Volatile.Read(ref _isDraining) || Volatile.Read(ref _stop) is not null;

    /// <inheritdoc/>
    public override bool IsOver => IsLeaving || IsSpent;

    /// <inheritdoc/>
    public override IReadOnlyList<WorkerStatus> Workers
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _slots.Select(static (slot, number) => new WorkerStatus
                    {
                        Number = number + 1,
                        Pid = slot.Worker?.WorkerPid,
                        State = slot.State,
                        Since = slot.Since,
                        InFlight = slot.Worker?.Inside ?? 0,
                        RetryAt = slot.RetryAt,
                        Reason = slot.Reason ?? slot.Worker?.Trouble,
                    }),
                ];
            }
        }
    }

    /// <summary>What of the pool is missing, in words; null where nothing is.</summary>
    public string? Shortage
    {
        get
        {
            IReadOnlyList<WorkerStatus> missing = [.. Workers.Where(w => w.State != WorkerState.Ready)];
            if (missing.Count == 0)
            {
                return null;
            }

            string each = string.Join(" ", missing.Select(w => string.Create(CultureInfo.InvariantCulture, $"Worker {w.Number}: {WordOf(w.State)}{(w.Reason is null ? "" : $". {w.Reason}")}")));
            return string.Create(CultureInfo.InvariantCulture, $"{_slots.Length - missing.Count} of {_slots.Length} workers take calls. {each}");
        }
    }

    /// <summary>Starts all workers of a generation: one first, so that a plugin that cannot start is told of once, then the others side by side.</summary>
    /// <exception cref="PluginException">One of them could not be started; the others are ended.</exception>
    public static async Task<WorkerPool> StartAsync(
        StartRequest request, PluginTier tier, WorkerStart start, TimeProvider clock, CancellationToken cancellationToken)
    {
        WorkerPool pool = new(request, tier, start, clock);
        try
        {
            pool.Join(0, await pool.StartAsideAsync(cancellationToken).ConfigureAwait(false));
            ParallelOptions atOnce = new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(
                Enumerable.Range(1, pool._slots.Length - 1),
                atOnce,
                async (number, cancellation) => pool.Join(number, await pool.StartAsideAsync(cancellation).ConfigureAwait(false))).ConfigureAwait(false);
            return pool;
        }
        catch
        {
            await pool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public override Task<UnloadResult> StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _stop ??= Task.Run(() => RunStopAsync(drain, cancellationToken), CancellationToken.None);
        }
    }

    private async Task<UnloadResult> RunStopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _queue.Close();
        WorkerInstance[] all;
        lock (_lock)
        {
            // Those that join from here on see that the pool is closing, and are ended by who started them.
            all = [.. _slots.Select(s => s.Worker).OfType<WorkerInstance>(), .. _aside];
        }

        UnloadResult[] results = await Task.WhenAll(all.Select(w => w.StopAsync(drain, cancellationToken))).ConfigureAwait(false);
        Task[] watches;
        lock (_lock)
        {
            watches = [.. _watches];
        }

        await Task.WhenAll(watches).ConfigureAwait(false);
        _losses.Writer.TryComplete();
        return new UnloadResult(UnloadOutcome.Unloaded, results.Sum(r => r.AbandonedCalls), []);
    }

    private static string WordOf(WorkerState state) => state switch
    {
        WorkerState.Starting => "being started",
        WorkerState.BackingOff => "waits for its next start",
        WorkerState.GivenUp => "given up until the plugin is reset, restarted or reloaded",
        _ => "ready",
    };
}

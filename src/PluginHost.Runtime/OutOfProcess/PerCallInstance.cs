using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Runtime.Model;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// One generation of a plugin that gets a worker for every call: taken from those that stand ready, ended after it with its folders, so that nothing
/// survives from one call to the next. What the call handed out keeps its worker until it is let go of. Thread-safe.
/// </summary>
internal sealed partial class PerCallInstance : RemoteInstance
{
    private static readonly TimeSpan s_leaseStep = TimeSpan.FromMilliseconds(20);
    private readonly Lock _lock = new();
    private readonly StartRequest _request;
    private readonly WorkerIdentity _identity;
    private readonly WorkerStart _start;
    private readonly IInstanceObserver _observer;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CallGate _gate;
    private readonly PreparedWorkers _prepared;
    private readonly HashSet<PreparedWorker> _used = [];
    private readonly HashSet<Task> _endings = [];
    private readonly TaskCompletionSource<FaultRecord> _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<UnloadResult>? _stop;
    private int _started;
    private int _failedStarts;
    private int _taking;
    private bool _isDraining;

    private PerCallInstance(StartRequest request, PluginTier tier, WorkerStart start, TimeProvider clock)
    {
        _request = request;
        _identity = new WorkerIdentity(request.Manifest.Id, tier, request.Generation);
        _start = start;
        _observer = request.Observer;
        _clock = clock;
        _logger = request.Logger;
        _gate = new CallGate(request.Manifest.Workers, request.Manifest.Limits.Queue, clock);
        _prepared = new PreparedWorkers(request.KeepsAhead ? request.Manifest.Workers : 0, StartOneAsync, EndAsync, NoteLoss, clock);
    }

    /// <inheritdoc/>
    public override int Generation => _identity.Generation;

    /// <summary>None: each call has another.</summary>
    public override int? WorkerPid => null;

    /// <summary>Ends when workers can be started no more: the second failure in a row. A worker that dies takes its call with it and nothing else.</summary>
    public override Task<FaultRecord> Died => _died.Task;

    /// <inheritdoc/>
    public override bool IsOver => Volatile.Read(ref _stop) is not null || Volatile.Read(ref _isDraining) || _died.Task.IsCompleted;

    /// <inheritdoc/>
    public override IReadOnlyList<WorkerStatus> Workers
    {
        get
        {
            PreparedWorker[] used;
            lock (_lock)
            {
                used = [.. _used];
            }

            return
            [
                .. used.Select(static w => StatusOf(w, WorkerState.Ready)),
                .. _prepared.Ready.Select(static w => StatusOf(w, WorkerState.Prepared)),
            ];
        }
    }

    /// <summary>Starts a generation: one worker, which shows that the plugin can be started and serves the first call; then those that are kept ready.</summary>
    /// <exception cref="PluginException">It could not be started.</exception>
    public static async Task<PerCallInstance> StartAsync(
        StartRequest request, PluginTier tier, WorkerStart start, TimeProvider clock, CancellationToken cancellationToken)
    {
        PerCallInstance instance = new(request, tier, start, clock);
        try
        {
            await instance._prepared.PutAsync(await instance.StartOneAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            instance._prepared.Fill();
            return instance;
        }
        catch
        {
            await instance.DisposeAsync().ConfigureAwait(false);
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

    /// <inheritdoc/>
    public override async Task<int> DrainAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _isDraining, true);

        // Nobody takes them any more. The stop waits for their end.
        _ = _prepared.DisposeAsync().AsTask();
        return await Draining.WaitAsync(UsedCount, drain, _clock, cancellationToken).ConfigureAwait(false);

        int UsedCount()
        {
            lock (_lock)
            {
                return _used.Count + Volatile.Read(ref _taking);
            }
        }
    }

    /// <inheritdoc/>
    public override async Task CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        // The one that was asked has served a call, of a kind.
        PreparedWorker asked;
        try
        {
            asked = await _prepared.TakeAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw StartFailure.Silent(_identity, timeout);
        }

        try
        {
            await asked.Worker.CheckHealthAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await EndAsync(asked).ConfigureAwait(false);
        }
    }

    /// <summary>None: no worker lives long enough to be recycled.</summary>
    public override InstanceUsage? Usage(bool withMemory) => null;

    /// <inheritdoc/>
    public override void EndOverLimit(string limit, string what)
    {
        foreach (PreparedWorker worker in _prepared.Ready)
        {
            worker.Worker.EndOverLimit(limit, what);
        }
    }

    private async Task<UnloadResult> RunStopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        Task closing = _prepared.DisposeAsync().AsTask();
        int abandoned = 0;
        for (HashSet<PreparedWorker> stopped = []; ;)
        {
            // Before the look: who has taken a worker is in the look, or comes to the next.
            bool isLast = Volatile.Read(ref _taking) == 0;
            PreparedWorker[] used;
            lock (_lock)
            {
                used = [.. _used.Where(stopped.Add)];
            }

            UnloadResult[] results = await Task.WhenAll(used.Select(w => w.Worker.StopAsync(drain, cancellationToken))).ConfigureAwait(false);
            abandoned += results.Sum(r => r.AbandonedCalls);
            if (isLast && used.Length == 0)
            {
                break;
            }

            await Task.Yield();
        }

        await closing.ConfigureAwait(false);
        Task[] endings;
        lock (_lock)
        {
            endings = [.. _endings];
        }

        await Task.WhenAll(endings).ConfigureAwait(false);
        return new UnloadResult(UnloadOutcome.Unloaded, abandoned, []);
    }

    /// <summary>Starts a worker with folders of its own.</summary>
    private async Task<PreparedWorker> StartOneAsync(CancellationToken cancellationToken)
    {
        int number = Interlocked.Increment(ref _started);
        CallFolder folder = CreateFolder(number);
        try
        {
            int? pid = null;
            StartRequest request = _request with
            {
                DataFolder = folder.Data,
                TempFolder = folder.Temp,
                WorkerStarted = started => pid = started,
                Logger = _request.WorkerLog?.Invoke(() => pid) ?? _request.Logger,
            };
            WorkerInstance worker = await _start(request, new CallGate(1, 0, _clock), cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _failedStarts, 0);
            return new PreparedWorker(number, worker, folder, worker.Ending);
        }
        catch (OperationCanceledException)
        {
            folder.Remove(_identity.PluginId, _logger);
            throw;
        }
        catch (Exception failed)
        {
            // The call that waits for this worker points to the record that is made of it. What nobody has thought of is told too: nobody else tells it.
            folder.Remove(_identity.PluginId, _logger);
            PluginException refused = failed as PluginException ?? StartFailure.Defect(_identity, failed);
            throw new CallFailure(CallStatus.Fault, refused).PointingAt(FaultIds.Next(_clock.GetUtcNow())).Exception;
        }
    }

    private CallFolder CreateFolder(int number)
    {
        try
        {
            return CallFolder.Create(_request.CallsFolder ?? _request.DataFolder, _identity.Generation, number);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new PluginFaultException(
                $"A worker of plugin '{_identity.PluginId}' could not be started: its folders cannot be made: {refused.Message}",
                _identity.Fault(FaultKind.StartFailure) with { Remedy = "Give the state folder room, and its owner the right to write there." });
        }
    }

    /// <summary>Ends a worker, tells of a death that nobody asked for, and removes its folders.</summary>
    private async Task EndAsync(PreparedWorker worker)
    {
        if (worker.Ending.IsCompleted)
        {
            FaultRecord record = await worker.Worker.Gone.ConfigureAwait(false);
            if (worker.Worker.Died.IsCompleted)
            {
                _observer.Fault(record);
            }
        }

        await worker.Worker.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
        worker.Folder.Remove(_identity.PluginId, _logger);
    }

    /// <summary>Takes a worker that could not be started; one that ended unused is told of when it is ended.</summary>
    private void NoteLoss(PreparedLoss loss)
    {
        if (loss.Start is not { } failure)
        {
            return;
        }

        DateTimeOffset now = _clock.GetUtcNow();
        FaultRecord record = FailureRecord.Of(failure, now) with
        {
            Id = failure.Fault.FaultId ?? FaultIds.Next(now), PluginId = _identity.PluginId, Tier = _identity.Tier, Generation = _identity.Generation, Method = null,
        };
        if (Interlocked.Increment(ref _failedStarts) > 1)
        {
            // From here on it is a plugin that cannot be started, and taken as one.
            _died.TrySetResult(record);
            return;
        }

        _observer.Fault(record);
    }

    private static WorkerStatus StatusOf(PreparedWorker worker, WorkerState state) => new()
    {
        Number = worker.Number,
        Pid = worker.Worker.WorkerPid,
        State = state,
        Since = worker.Worker.Since,
        InFlight = state == WorkerState.Ready ? 1 : 0,
    };
}

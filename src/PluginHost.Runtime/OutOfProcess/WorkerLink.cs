using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Faults;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.Messages;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Tiers;
using PluginHost.Telemetry.Recording;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// One worker's process and channel as one thing: it lives as long as both do, and its end has one cause. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The watch ends with the worker, which always ends.")]
internal sealed partial class WorkerLink
{
    private static readonly TimeSpan s_drainStep = TimeSpan.FromMilliseconds(10);
    private readonly Lock _lock = new();
    private readonly WorkerProcess _process;
    private readonly WorkerReports _reports;
    private readonly ProcessTierOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly TimeSpan _callTimeout;
    private readonly bool _isProgram;
    private readonly MemoryKills.Mark _memoryKills = MemoryKills.Shared.Now();
    private readonly TaskCompletionSource<FaultRecord> _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<FaultRecord> _gone;

    // Known before the cause is: a call that is told without it points to the record all the same.
    private readonly string _faultId;
    private Task<UnloadResult>? _stop;
    private bool _isStopping;

    public WorkerLink(
        WorkerIdentity identity, WorkerProcess process, RpcConnection connection, WorkerReports reports, StartRequest request, ProcessTierOptions options, TimeProvider clock)
    {
        Identity = identity;
        Connection = connection;
        _process = process;
        _reports = reports;
        _options = options;
        _clock = clock;
        _logger = request.Logger;
        _callTimeout = request.Manifest.Limits.CallTimeout;
        _isProgram = request.Manifest.Command is not null;
        _faultId = FaultIds.Next(clock.GetUtcNow());
        foreach (ContractMethod method in request.Contracts.SelectMany(static c => c.Methods))
        {
            _methods[method.WireName] = method;
        }

        Ending = Task.WhenAny(process.Ending, connection.Closed);
        _gone = WatchAsync();
    }

    /// <summary>Whose worker it is.</summary>
    public WorkerIdentity Identity { get; }

    /// <summary>The channel.</summary>
    public RpcConnection Connection { get; }

    /// <summary>The process id.</summary>
    public int Pid => _process.Pid;

    /// <summary>Ends with the one fault of a worker that ended without having been asked to. Never faults.</summary>
    public Task<FaultRecord> Died => _died.Task;

    /// <summary>Ends with the first sign of the end: the process or the channel is gone, asked for or not. Never faults.</summary>
    public Task Ending { get; }

    /// <summary>
    /// Ends when nothing of the process runs any more and the channel is gone, asked for or not. The kernel may still be taking its memory and files
    /// back, until <see cref="LeftAsync"/>. Never faults.
    /// </summary>
    public Task<FaultRecord> Gone => _gone;

    /// <summary>Waits until a process that ends has let go of everything, its memory, files, locks and ports; not longer than that should take.</summary>
    public Task LeftAsync() => Ending.IsCompleted ? _process.EndedWithinAsync(_options.StopGrace, _clock) : Task.CompletedTask;

    /// <summary>True once a stop was asked for.</summary>
    public bool IsStopping => Volatile.Read(ref _isStopping);

    // What is left of a worker that died by itself is stopped too: its calls are told of its death.
    private bool IsStoppedAlive => IsStopping && !_died.Task.IsCompleted;

    /// <summary>The deadline of a method where its caller names none.</summary>
    public TimeSpan TimeoutOf(ContractMethod method) => method.Timeout ?? _callTimeout;

    /// <summary>Stops in stages: asked, channel closed, SIGTERM, SIGKILL of the group, left alone and logged. Idempotent.</summary>
    public Task<UnloadResult> StopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Volatile.Write(ref _isStopping, true);
            return _stop ??= Task.Run(() => RunStopAsync(drain, cancellationToken), CancellationToken.None);
        }
    }

    /// <summary>Ends a worker that did not become ready, at once.</summary>
    public async Task<FaultRecord> KillAsync()
    {
        Volatile.Write(ref _isStopping, true);
        _process.Kill();
        if (!await _process.EndedWithinAsync(_options.CauseGrace, _clock).ConfigureAwait(false))
        {
            // It may never: without its channel it is given up for lost.
            await Connection.DisposeAsync().ConfigureAwait(false);
        }

        return await Gone.ConfigureAwait(false);
    }

    /// <summary>What a call that lost its worker throws: with the cause, where that is known in time.</summary>
    public async Task<CallLostException> LostAsync(ContractMethod method, bool wasSent)
    {
        if (IsStoppedAlive)
        {
            return new CallLostException(Stopped(method), wasSent);
        }

        FaultRecord? record = await GoneWithinAsync(_options.CauseGrace).ConfigureAwait(false);
        if (IsStoppedAlive)
        {
            return new CallLostException(Stopped(method), wasSent);
        }

        PluginFault fault = Identity.Fault(record?.Kind ?? FaultKind.ConnectionLost, method) with
        {
            IsRetryable = !wasSent || method.IsIdempotent,
            FaultId = _faultId,
            Limit = record?.Limit,
            Cause = new FaultCause(record?.ExitCode, record?.Signal, record?.StderrTail ?? _process.ErrorTail()),
            RemoteType = record?.RemoteType,
            RemoteMessage = record is null ? null : _reports.Dying?.Message,
            RemoteStack = record?.RemoteStack,
        };
        string what = record?.Message ?? $"The connection to worker {Pid} of plugin '{Identity.PluginId}' was lost and the worker has not ended.";
        return new CallLostException(new PluginFaultException($"{method} got no answer. {what}", fault), wasSent);
    }

    /// <summary>What a call gets that goes to an object or a sequence of a worker that is gone.</summary>
    public PluginUnavailableException Ended(ContractMethod method, PluginException why) => new(
        $"{method} of plugin '{Identity.PluginId}' was not called: the object or the sequence that it goes to ended with worker {Pid} (generation {Identity.Generation}). {why.Message}",
        Identity.Fault(FaultKind.Unavailable, method) with { IsRetryable = true, Cause = why.Cause, Remedy = "Ask the plugin for another object or sequence." });

    /// <summary>What a call gets that met a stop.</summary>
    public PluginException Stopped(ContractMethod method) => new PluginUnavailableException(
        $"{method} of plugin '{Identity.PluginId}' ended because its worker {Pid} (generation {Identity.Generation}) is being stopped. Call again.",
        Identity.Fault(FaultKind.Unavailable, method) with { IsRetryable = true });

    private async Task<UnloadResult> RunStopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        int abandoned = 0;
        _watch?.Dispose();
        if (_died.Task.IsCompleted)
        {
            // It ended by itself: there is nobody to ask.
            await Gone.ConfigureAwait(false);
            return new UnloadResult(UnloadOutcome.Unloaded, 0, []);
        }

        try
        {
            abandoned = await AskToStopAsync(drain, cancellationToken).ConfigureAwait(false);

            // The worker ends with its channel.
            await Connection.DisposeAsync().ConfigureAwait(false);
            await _process.EndedWithinAsync(_options.StopGrace, _clock).ConfigureAwait(false);
        }
        catch (Exception unanswered) when (unanswered is RpcException or OperationCanceledException)
        {
            // A worker that does not answer is taken down all the same.
            Log.StopUnanswered(_logger, Identity.PluginId, Pid, unanswered.Message);
        }

        if (!_process.Exited.IsCompleted)
        {
            await Connection.DisposeAsync().ConfigureAwait(false);
            await _process.TerminateAsync(_options.TerminateGrace, _clock, _logger).ConfigureAwait(false);
        }

        await GoneWithinAsync(_options.StopGrace).ConfigureAwait(false);
        return new UnloadResult(UnloadOutcome.Unloaded, abandoned, []);
    }

    /// <summary>Asks for the end; gives the number of calls that were still running then.</summary>
    private async Task<int> AskToStopAsync(TimeSpan drain, CancellationToken cancellationToken)
    {
        int milliseconds = (int)Math.Min(drain.TotalMilliseconds, int.MaxValue);
        TimeSpan limit = drain + _options.StopGrace;
        if (!_isProgram)
        {
            return await AskWorkerToStopAsync(milliseconds, limit, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            await Connection.CallAsync<ProgramStopCall, NoResult>(new ProgramStopCall(milliseconds), limit, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcErrorException unknown) when (unknown.Code == RpcErrorCodes.MethodNotFound)
        {
            // It learns of its end by the channel's; its calls are let finish before that.
            for (long began = _clock.GetTimestamp(); Connection.PendingOutbound > 0 && _clock.GetElapsedTime(began) < drain;)
            {
                await Task.Delay(s_drainStep, _clock, cancellationToken).ConfigureAwait(false);
            }
        }

        return Connection.PendingOutbound;
    }

    private async Task<FaultRecord?> GoneWithinAsync(TimeSpan grace)
    {
        using CancellationTokenSource given = new();
        Task first = await Task.WhenAny(Gone, Task.Delay(grace, _clock, given.Token)).ConfigureAwait(false);
        await given.CancelAsync().ConfigureAwait(false);
        return first == Gone ? await Gone.ConfigureAwait(false) : null;
    }

    private async Task<FaultRecord> WatchAsync()
    {
        await Ending.ConfigureAwait(false);
        bool wasStopping = IsStopping;
        ProcessExit? killed = null;
        if (!_process.Ending.IsCompleted && !await _process.EndingWithinAsync(IsViolation(await Connection.Closed.ConfigureAwait(false)) ? TimeSpan.Zero : _options.CauseGrace / 2, _clock).ConfigureAwait(false))
        {
            // A worker without its channel is of no use, and says nothing more.
            killed = await _process.KillAndWaitAsync(_clock, _logger).ConfigureAwait(false);
        }
        else if (!Connection.Closed.IsCompleted)
        {
            // What it sent before it died is still to be read; somebody else may hold its end open for ever.
            Connection.PeerEnded();
            using CancellationTokenSource given = new();
            await Task.WhenAny(Connection.Closed, Task.Delay(_options.CauseGrace / 2, _clock, given.Token)).ConfigureAwait(false);
            await given.CancelAsync().ConfigureAwait(false);
        }

        _watch?.Dispose();

        // It ends at once. That its reader leaves and its memory is given back, which takes milliseconds, is nothing that calls wait for.
        _ = Connection.DisposeAsync().AsTask();
        FaultRecord record = Record(killed ?? await _process.Ending.ConfigureAwait(false), await Connection.Closed.ConfigureAwait(false), livedOn: killed is not null);
        if (!wasStopping && !IsStopping)
        {
            Log.Died(_logger, Identity.PluginId, Identity.Generation, Pid, record.Kind, record.Message);
            _died.TrySetResult(record);
        }

        return record;
    }

    private FaultRecord Record(ProcessExit exit, RpcCloseReason closed, bool livedOn)
    {
        string? stderr = _process.ErrorTail();
        WorkerDeath death = WorkerDeath.Of(new DeathEvidence
        {
            Exit = exit,
            StderrTail = stderr,
            Dying = _reports.Dying,
            Violation = closed.Kind is RpcCloseKind.ParseError or RpcCloseKind.ProtocolViolation ? closed.Detail : null,
            Excess = closed.Kind == RpcCloseKind.LimitExceeded ? closed.Detail : null,
            MemoryKill = exit.Signal == Signals.Kill && _hang is null && _over is null && !livedOn && MemoryKills.Shared.TryPutDown(_memoryKills),
            Hang = _hang,
            Over = _over,
            LivedOn = livedOn,
        });
        return new FaultRecord
        {
            Id = _faultId,
            CallsInFlight = Connection.LostCalls,
            Limit = death.Kind != FaultKind.LimitExceeded ? null : _over is { } over ? over.Limit : closed.Limit == nameof(RpcOptions.MaxMessageBytes) ? "limits.message" : closed.Limit,
            At = _clock.GetUtcNow(),
            PluginId = Identity.PluginId,
            Kind = death.Kind,
            Tier = Identity.Tier,
            Generation = Identity.Generation,
            Method = death.Kind == FaultKind.Hang ? _hang?.Method : null,
            Message = $"Worker {Pid} of plugin '{Identity.PluginId}' (generation {Identity.Generation}) {death.What}.",
            RemoteType = death.Exception?.Type,
            RemoteStack = death.Kind == FaultKind.Hang ? _hang?.Threads : death.Exception?.Stack,
            WorkerPid = Pid,
            ExitCode = exit.ExitCode,
            Signal = exit.SignalName,
            StderrTail = stderr,
        };
    }

    private static bool IsViolation(RpcCloseReason reason) =>
        reason.Kind is RpcCloseKind.ParseError or RpcCloseKind.ProtocolViolation or RpcCloseKind.LimitExceeded;
}

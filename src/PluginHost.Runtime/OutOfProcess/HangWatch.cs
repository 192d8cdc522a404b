using Microsoft.Extensions.Logging;
using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;
using PluginHost.Runtime.Resilience;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>
/// Looks from time to time whether a worker with calls pending lives and lets go of them, and ends it where it does not. One timer a worker; calls are
/// not told of it. What comes in is counted where it is read, so that neither a starved pool here nor a slow log makes a worker look dead. Thread-safe.
/// </summary>
internal sealed class HangWatch : IDisposable
{
    private readonly Lock _looking = new();
    private readonly WorkerLink _link;
    private readonly WorkerReports _reports;
    private readonly HangOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly bool _isProgram;
    private readonly TimeSpan _allowance;
    private readonly ITimer _timer;
    private HangState _state;
    private readonly CancellationTokenSource _ended = new();
    private HeartbeatNotice? _lastBeat;
    private HeartbeatNotice? _beat;
    private IReadOnlyList<string> _silentMethods = [];
    private long _lastLook;
    private long _lastMessages;
    private bool _isPoolStarved;
    private Task? _probe;

    /// <summary>Creates one that looks from now on, until the worker is gone or is being stopped.</summary>
    /// <param name="link">The worker.</param>
    /// <param name="reports">What it says of itself.</param>
    /// <param name="options">The limits.</param>
    /// <param name="allowance">Null for a worker that gives heartbeats; else the longest time of a call, for which a program may be silent.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="logger">The plugin's log.</param>
    public HangWatch(WorkerLink link, WorkerReports reports, HangOptions options, TimeSpan? allowance, TimeProvider clock, ILogger logger)
    {
        _link = link;
        _reports = reports;
        _options = options;
        _isProgram = allowance is not null;
        _allowance = allowance ?? TimeSpan.Zero;
        _clock = clock;
        _logger = logger;
        _lastLook = clock.GetTimestamp();
        _timer = clock.CreateTimer(static state => ((HangWatch)state!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(options.Heartbeat, Timeout.InfiniteTimeSpan);
    }

    /// <summary>True while it gives no sign of life, or does not let go of a call.</summary>
    public bool IsUnresponsive { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();

        // Not disposed itself: a source without a timer holds nothing, and a probe may begin at this moment.
        _ended.Cancel();
    }

    private void Tick()
    {
        bool goesOn;
        lock (_looking)
        {
            goesOn = !_link.IsStopping && !_link.Gone.IsCompleted && Look();
        }

        if (goesOn)
        {
            _timer.Change(_options.Heartbeat, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Looks once; false where the worker was ended.</summary>
    private bool Look()
    {
        RpcConnection connection = _link.Connection;
        long now = _clock.GetTimestamp();
        long messages = connection.ReceivedMessages;
        bool isProbing = _probe is { IsCompleted: false };
        bool isWaiting = connection.UnansweredOutbound > (isProbing ? 1 : 0);
        NoteHeartbeat(isWaiting);
        RunningCall? worst = _beat?.Calls.MaxBy(Overdue);
        HangSigns signs = new(
            _clock.GetElapsedTime(_lastLook, now), isWaiting, messages != _lastMessages, worst is null ? TimeSpan.Zero : Overdue(worst));
        _lastLook = now;
        _lastMessages = messages;
        (_state, HangVerdict verdict) = HangPolicy.Look(_state, in signs, _options, _allowance);
        IsUnresponsive = _state.IsUnresponsive;
        NoteSilence(signs);
        switch (verdict)
        {
            case HangVerdict.Unresponsive:
                Log.Unresponsive(_logger, _link.Identity.PluginId, _link.Pid, Find(signs, worst).What);
                break;
            case HangVerdict.Recovered:
                Log.Responsive(_logger, _link.Identity.PluginId, _link.Pid);
                break;
            case HangVerdict.TerminateSilent or HangVerdict.TerminateOverdue:
                _ = EndAsync(Find(signs, worst));
                return false;
        }

        TellOfPool();
        if (_isProgram && signs.IsWaiting && !isProbing)
        {
            // Whatever it answers, an error too, shows that it still reads.
            _probe = ProbeAsync();
        }

        return true;
    }

    private TimeSpan Overdue(RunningCall call) => HangPolicy.Overdue(call.Running, call.AskedToStop, _link.TimeoutOf(call.Method));

    /// <summary>Takes what the worker said last of what it runs, and forgets that with the calls it was about.</summary>
    private void NoteHeartbeat(bool isWaiting)
    {
        HeartbeatNotice? latest = _reports.Heartbeat;
        _beat = !isWaiting ? null : ReferenceEquals(latest, _lastBeat) ? _beat : latest;
        _lastBeat = latest;
    }

    /// <summary>Remembers whose callers waited: those that give up leave only their ids.</summary>
    private void NoteSilence(in HangSigns signs)
    {
        if (!signs.IsWaiting || signs.WasHeard)
        {
            _silentMethods = [];
        }
        else if (_silentMethods.Count == 0)
        {
            _silentMethods = _link.Connection.OutboundMethods();
        }
    }

    private HangFinding Find(in HangSigns signs, RunningCall? worst) =>
        HangFinding.Of(_state.Silence, signs.Overdue, _silentMethods, _beat, worst, WorkerThreads.Of(_link.Pid));

    private void TellOfPool()
    {
        bool isStarved = _beat is not null && _beat.PoolDelay >= 2 * _options.Heartbeat;
        if (isStarved && !_isPoolStarved)
        {
            Log.PoolStarved(_logger, _link.Identity.PluginId, _link.Pid, _beat!.PoolDelay, _beat.Pending);
        }

        _isPoolStarved = isStarved;
    }

    /// <summary>Ends the worker, with a dump before where one is wanted. A program of another language has none.</summary>
    private async Task EndAsync(HangFinding finding)
    {
        string? dump = _isProgram ? null : await HangDump.WriteAsync(_link.Identity, _link.Pid, _options, _clock, _logger).ConfigureAwait(false);
        _link.KillHung(dump is null ? finding : finding with { What = $"{finding.What} A minidump is in {dump}." });
    }

    private async Task ProbeAsync()
    {
        try
        {
            await _link.Connection.CallAsync<PingCall, long>(default, Timeout.InfiniteTimeSpan, _ended.Token).ConfigureAwait(false);
        }
        catch (Exception answered) when (answered is RpcException or OperationCanceledException)
        {
            // Most programs know no ping and say so, which is all that was asked; a lost connection has its own end, and a stop needs no answer.
        }
    }
}

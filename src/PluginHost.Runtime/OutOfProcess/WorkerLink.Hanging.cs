using PluginHost.Contracts.Invocation;
using PluginHost.Rpc.Connection;
using PluginHost.Rpc.WorkerProtocol;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>The part that watches for a worker that hangs, and ends it.</summary>
internal sealed partial class WorkerLink
{
    private readonly Dictionary<string, ContractMethod> _methods = new(StringComparer.Ordinal);
    private HangWatch? _watch;
    private HangFinding? _hang;
    private LimitFinding? _over;

    /// <summary>True while it gives no sign of life, or does not let go of a call whose time has ended.</summary>
    public bool IsUnresponsive => _watch?.IsUnresponsive == true;

    /// <summary>Begins to watch: once the worker is ready, since its start has times of its own.</summary>
    public void WatchForHangs()
    {
        _process.WatchThreads();
        _watch = new HangWatch(this, _reports, _options.Hangs, _isProgram ? LongestCall : null, _clock, _logger);
    }

    /// <summary>The deadline of a method of the wire, as <see cref="TimeoutOf(ContractMethod)"/>.</summary>
    public TimeSpan TimeoutOf(string wireName) => _methods.GetValueOrDefault(wireName)?.Timeout ?? _callTimeout;

    /// <summary>Kills a worker that hangs, with all of its group: its death is then told by what was found. A worker that is being stopped is left to that.</summary>
    public void KillHung(HangFinding finding)
    {
        if (!IsStopping)
        {
            Volatile.Write(ref _hang, finding);
            _process.Kill();

            // Whether it ends or not: nobody waits for its answers any more.
            _ = Connection.DisposeAsync().AsTask();
        }
    }

    /// <summary>Kills a worker that went over a limit, with all of its group. A worker that is being stopped is left to that.</summary>
    public void KillOver(LimitFinding finding)
    {
        if (!IsStopping)
        {
            Volatile.Write(ref _over, finding);
            _process.Kill();
        }
    }

    /// <summary>
    /// Asks a .NET worker for its end, for as long as it gives signs of life: it says at once that the request has come, and then that it lives.
    /// </summary>
    /// <exception cref="OperationCanceledException">It is silent, or the caller gave up.</exception>
    private async Task<int> AskWorkerToStopAsync(int drainMilliseconds, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource silent = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<RpcReply<StopReply>> asked = Connection.CallAsync<StopCall, StopReply>(new StopCall(drainMilliseconds), limit, silent.Token).AsTask();
        TimeSpan later = _options.StopGrace > 3 * _options.Hangs.Heartbeat ? _options.StopGrace : 3 * _options.Hangs.Heartbeat;
        for (TimeSpan patience = _options.StopGrace; patience > TimeSpan.Zero && !asked.IsCompleted; patience = later)
        {
            long heard = Connection.ReceivedMessages;
            using CancellationTokenSource given = new();
            await Task.WhenAny(asked, Task.Delay(patience, _clock, given.Token)).ConfigureAwait(false);
            await given.CancelAsync().ConfigureAwait(false);
            if (Connection.ReceivedMessages == heard)
            {
                // Nobody drains there. Where the answer came at this moment, it counts.
                await silent.CancelAsync().ConfigureAwait(false);
            }
        }

        return (await asked.ConfigureAwait(false)).Value.AbandonedCalls;
    }

    private TimeSpan LongestCall
    {
        get
        {
            TimeSpan[] all = [_callTimeout, .. _methods.Values.Select(m => m.Timeout).OfType<TimeSpan>()];
            return all.Contains(Timeout.InfiniteTimeSpan) ? Timeout.InfiniteTimeSpan : all.Max();
        }
    }
}

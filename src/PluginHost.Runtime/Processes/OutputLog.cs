using Microsoft.Extensions.Logging;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// Passes a child's lines to a logger on the pool, at most 100 a second after a burst of 200; the rest is counted and reported. Lines come from
/// the spawner's thread, which the logger must not hold up.
/// </summary>
internal sealed class OutputLog(ILogger logger, int pid, TimeProvider clock) : IThreadPoolWorkItem
{
    private const int Burst = 200;
    private const int LinesPerSecond = 100;

    private readonly Lock _lock = new();
    private readonly Queue<(string Stream, string Line, bool IsCut, long Dropped)> _waiting = new();
    private double _allowance = Burst;
    private long _last = clock.GetTimestamp();
    private long _dropped;
    private bool _isRunning;

    /// <summary>How many lines were dropped so far and not yet reported.</summary>
    public long Dropped
    {
        get
        {
            lock (_lock)
            {
                return _dropped;
            }
        }
    }

    /// <summary>Takes one line.</summary>
    public void Line(string stream, ReadOnlySpan<byte> line, bool isCut)
    {
        lock (_lock)
        {
            if (!Spend_NeedsLock())
            {
                _dropped++;
                return;
            }

            _waiting.Enqueue((stream, PrintableText.From(line, LineSplitter.MaxLineBytes), isCut, _dropped));
            _dropped = 0;
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    public void Execute()
    {
        while (true)
        {
            (string Stream, string Line, bool IsCut, long Dropped) next;
            lock (_lock)
            {
                if (!_waiting.TryDequeue(out next))
                {
                    _isRunning = false;
                    return;
                }
            }

            if (next.Dropped > 0)
            {
                Log.OutputDropped(logger, next.Dropped, pid);
            }

            Log.Output(logger, next.Stream == "stderr" ? LogLevel.Warning : LogLevel.Information, pid, next.Stream, next.IsCut ? next.Line + " [cut]" : next.Line);
        }
    }

    private bool Spend_NeedsLock()
    {
        long now = clock.GetTimestamp();
        _allowance = Math.Min(Burst, _allowance + (clock.GetElapsedTime(_last, now).TotalSeconds * LinesPerSecond));
        _last = now;

        // The queue is bounded by the burst: a logger that is slower than the allowance loses lines, not memory.
        if (_allowance < 1 || _waiting.Count >= Burst)
        {
            return false;
        }

        _allowance--;
        return true;
    }
}

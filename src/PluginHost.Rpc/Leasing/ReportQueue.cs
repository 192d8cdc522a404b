namespace PluginHost.Rpc.Leasing;

/// <summary>
/// The progress reports of one outgoing call on their way to the application: one after another, on the pool, in the order they came, and all of
/// them before the call completes. Thread-safe.
/// </summary>
internal sealed class ReportQueue : IThreadPoolWorkItem
{
    private readonly Lock _lock = new();
    private readonly Queue<ProgressReceiver> _order = new();
    private Action? _then;
    private bool _isRunning;

    /// <summary>Notes that a receiver has one more report.</summary>
    public void Add(ProgressReceiver receiver)
    {
        lock (_lock)
        {
            _order.Enqueue(receiver);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Runs something behind the reports that are there; false, and nothing is run, where there are none.</summary>
    public bool TryRunBehind(Action then)
    {
        lock (_lock)
        {
            if (!_isRunning)
            {
                return false;
            }

            _then = then;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Execute()
    {
        while (true)
        {
            ProgressReceiver? receiver;
            Action? then = null;
            lock (_lock)
            {
                if (!_order.TryDequeue(out receiver))
                {
                    _isRunning = false;
                    then = _then;
                    _then = null;
                }
            }

            if (receiver is null)
            {
                then?.Invoke();
                return;
            }

            receiver.ReportNext();
        }
    }
}

namespace PluginHost.Contracts.Invocation;

/// <summary>A receiver of progress that a call lent to its callee.</summary>
internal abstract class LentProgress
{
    /// <summary>Drops later reports; ends when the earlier ones have been delivered.</summary>
    public abstract ValueTask EndAsync();
}

/// <summary>
/// Takes a callee's reports and delivers them in order on the pool. A report never waits: where the receiver is slower than the reports, the
/// oldest waiting ones are dropped. Thread-safe.
/// </summary>
internal sealed class LentProgress<T> : LentProgress, IProgress<T>, IThreadPoolWorkItem
{
    /// <summary>The most reports that wait for a slow receiver.</summary>
    public const int MostWaiting = 1024;

    private readonly Lock _lock = new();
    private readonly Queue<T> _waiting = new();
    private readonly Func<T, T>? _detach;
    private IProgress<T>? _target;
    private TaskCompletionSource? _delivered;
    private Exception? _thrown;
    private bool _isDelivering;
    private bool _isEnded;

    public LentProgress(IProgress<T> target, Func<T, T>? detach)
    {
        _target = target;
        _detach = detach;
    }

    /// <inheritdoc/>
    public void Report(T value)
    {
        T report = _detach is null || value is null ? value : _detach(value);
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            if (_waiting.Count == MostWaiting)
            {
                _waiting.Dequeue();
            }

            _waiting.Enqueue(report);
            if (_isDelivering)
            {
                return;
            }

            _isDelivering = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    public override ValueTask EndAsync()
    {
        lock (_lock)
        {
            _isEnded = true;
            if (_isDelivering)
            {
                _delivered ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return new ValueTask(_delivered.Task);
            }

            _target = null;
        }

        return _thrown is null ? default : ValueTask.FromException(_thrown);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (TryTake(out T? report, out IProgress<T>? target))
        {
            try
            {
                target!.Report(report!);
            }
            catch (Exception thrown)
            {
                // The caller's own code: the caller gets it with the call's answer.
                Fail(thrown);
            }
        }
    }

    private bool TryTake(out T? report, out IProgress<T>? target)
    {
        lock (_lock)
        {
            target = _target;
            if (_waiting.TryDequeue(out report))
            {
                return true;
            }

            _isDelivering = false;
            if (_isEnded)
            {
                _target = null;
            }

            if (_thrown is null)
            {
                _delivered?.SetResult();
            }
            else
            {
                _delivered?.SetException(_thrown);
            }

            return false;
        }
    }

    private void Fail(Exception thrown)
    {
        lock (_lock)
        {
            _thrown ??= thrown;
            _waiting.Clear();
            _isEnded = true;
        }
    }
}

using PluginHost.Contracts.Faults;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>Workers that stand ready, and the callers that wait for one, in turn. One of the two is always empty. Not thread-safe: its owner holds a lock.</summary>
internal sealed class PreparedLine
{
    private readonly Queue<PreparedWorker> _ready = [];
    private readonly LinkedList<TaskCompletionSource<PreparedWorker>> _waiting = [];

    /// <summary>Those that stand ready; a copy.</summary>
    public IReadOnlyList<PreparedWorker> Ready => [.. _ready];

    /// <summary>How many are to be started, so that nobody waits and so many stand ready.</summary>
    public int Missing(int ahead) => _waiting.Count + Math.Max(0, ahead - _ready.Count);

    /// <summary>Takes one that lives; those that were found dead are put aside.</summary>
    public PreparedWorker? Take(List<PreparedWorker> dead)
    {
        PreparedWorker? taken;
        while (_ready.TryDequeue(out taken) && taken.Ending.IsCompleted)
        {
            // Its watch, which comes now, finds it no more and takes it for somebody's.
            dead.Add(taken);
        }

        return taken;
    }

    /// <summary>Waits behind the others.</summary>
    public LinkedListNode<TaskCompletionSource<PreparedWorker>> Join() =>
        _waiting.AddLast(new TaskCompletionSource<PreparedWorker>(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Gives up waiting; gives what came at the same moment.</summary>
    public PreparedWorker? Leave(LinkedListNode<TaskCompletionSource<PreparedWorker>> wait)
    {
        if (wait.List is not null)
        {
            _waiting.Remove(wait);
            return null;
        }

        return wait.Value.Task.IsCompletedSuccessfully ? wait.Value.Task.Result : null;
    }

    /// <summary>Gives a worker to who waits first; where nobody does, it stands ready.</summary>
    public void Hand(PreparedWorker worker)
    {
        while (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            if (first.Value.TrySetResult(worker))
            {
                return;
            }
        }

        _ready.Enqueue(worker);
    }

    /// <summary>Tells who waits first that the worker that was started could not be.</summary>
    public void Fail(PluginException failure)
    {
        if (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            first.Value.TrySetException(failure);

            // Where its caller has just given up, nobody else looks at it.
            _ = first.Value.Task.Exception;
        }
    }

    /// <summary>Takes one out that stands ready; false where it is somebody's.</summary>
    public bool Remove(PreparedWorker worker)
    {
        if (!_ready.Contains(worker))
        {
            return false;
        }

        PreparedWorker[] others = [.. _ready.Where(r => r != worker)];
        _ready.Clear();
        Array.ForEach(others, _ready.Enqueue);
        return true;
    }

    /// <summary>Ends all waits; gives those that stood ready.</summary>
    public PreparedWorker[] Close(CancellationToken closing)
    {
        PreparedWorker[] left = [.. _ready];
        _ready.Clear();
        foreach (TaskCompletionSource<PreparedWorker> waiting in _waiting)
        {
            waiting.TrySetCanceled(closing);
        }

        _waiting.Clear();
        return left;
    }
}

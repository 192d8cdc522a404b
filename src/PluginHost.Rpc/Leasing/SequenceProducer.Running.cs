using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <content>The generator: who runs it, how far ahead, and its end.</content>
internal sealed partial class SequenceProducer<T, TCodec>
{
    /// <summary>Takes what is there without waiting, up to a count. Before anything else is asked.</summary>
    public void Prefetch(int count)
    {
        _isRunning = true;
        try
        {
            _items = _sequence.GetAsyncEnumerator(_lifetime.Token);
            while (_ready.Count < count)
            {
                ValueTask<bool> step = _items.MoveNextAsync();
                if (!step.IsCompletedSuccessfully)
                {
                    _ = RunAsync(step.AsTask());
                    return;
                }

                if (!step.Result)
                {
                    _ = RunAsync(Task.FromResult(false));
                    return;
                }

                _ready.Enqueue(_items.Current);
            }
        }
        catch (Exception e)
        {
            _ = RunAsync(Task.FromException<bool>(e));
            return;
        }

        _isRunning = false;
    }

    /// <summary>Goes on running on the pool, or disposes what has ended.</summary>
    /// <remarks>In the flow of the last step, or of the call that gave the sequence: whoever asked is asked for, also ahead of the next step.</remarks>
    public void Execute()
    {
        if (Volatile.Read(ref _flow) is not { } flow)
        {
            _ = RunAsync(null);
            return;
        }

        ExecutionContext.Run(flow, static producer => _ = ((SequenceProducer<T, TCodec>)producer!).RunAsync(null), this);
    }

    /// <summary>Lets the generator run ahead of the next step.</summary>
    private void RunAhead()
    {
        bool mustRun;
        lock (_lock)
        {
            mustRun = !_isRunning && !_isComplete && !_isEnded && _ready.Count < Wanted;
            _isRunning |= mustRun;
        }

        if (mustRun)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Runs the generator until enough is there. Whoever calls has set <see cref="_isRunning"/>.</summary>
    /// <param name="begun">A step that was begun already, or null.</param>
    private async Task RunAsync(Task<bool>? begun)
    {
        while (true)
        {
            bool isOver;
            T item = default!;
            Exception? error = null;
            try
            {
                bool mustStop = Volatile.Read(ref _isEnded) && begun is null;
                _items ??= mustStop ? null : _sequence.GetAsyncEnumerator(_lifetime.Token);
                isOver = mustStop || !(begun is null ? await _items!.MoveNextAsync().ConfigureAwait(false) : await begun.ConfigureAwait(false));
                item = isOver ? item : _items!.Current;
            }
            catch (Exception e)
            {
                isOver = true;
                error = e;
            }

            begun = null;
            if (isOver)
            {
                error = await DisposeAsync(error).ConfigureAwait(false);
            }

            if (!Ran(isOver, item, error, out bool goesOnElsewhere))
            {
                return;
            }

            if (goesOnElsewhere)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
    }

    /// <summary>Takes one result of the generator; false where it has to stop here.</summary>
    private bool Ran(bool isOver, T item, Exception? error, out bool goesOnElsewhere)
    {
        goesOnElsewhere = false;
        bool goesOn;
        TaskCompletionSource? ready = null;
        lock (_lock)
        {
            if (isOver)
            {
                _isComplete = true;
                _error = error;
            }
            else if (!_isEnded)
            {
                _ready.Enqueue(item);
            }

            if (_waiting is not null && IsReady_NeedsLock())
            {
                ready = _waiting;
                _waiting = null;

                // The step's answer must not wait for what is run ahead of it.
                goesOnElsewhere = true;
            }

            // An ended one goes round once more, to be disposed.
            goesOn = !_isComplete && (_isEnded || _ready.Count < Wanted);
            _isRunning = goesOn;
        }

        ready?.TrySetResult();
        return goesOn;
    }

    private async ValueTask<Exception?> DisposeAsync(Exception? error)
    {
        try
        {
            if (_items is not null)
            {
                await _items.DisposeAsync().ConfigureAwait(false);
            }
            else if (_unread is not null)
            {
                await _unread.DisposeAsync().ConfigureAwait(false);
            }

            return error;
        }
        catch (Exception e)
        {
            if (Volatile.Read(ref _isEnded))
            {
                _channel.Failed("The disposal of a sequence that was given up", e);
            }

            return error ?? e;
        }
    }
}

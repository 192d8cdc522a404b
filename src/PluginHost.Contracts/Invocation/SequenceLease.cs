namespace PluginHost.Contracts.Invocation;

/// <summary>
/// A sequence of the other side: the reader holds this and never the other side's enumerator, which can be taken back at any moment, also in the
/// middle of a step, and is disposed exactly once. Enumerated once. Thread-safe where readers keep to one step at a time.
/// </summary>
internal sealed partial class SequenceLease<T> : Lease, IAsyncEnumerable<T>, IAsyncEnumerator<T>
{
    private readonly Lock _lock = new();
    private readonly SequenceOwner _owner;
    private readonly Func<T, T>? _detach;
    private readonly CancellationTokenSource _taken = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _caller;
    private LeaseTokenSource? _token;
    private IAsyncEnumerable<T>? _sequence;
    private IAsyncEnumerator<T>? _source;
    private StreamSequence? _stream;
    private CancellationToken _reader;
    private T? _current;
    private T? _next;
    private bool _isRead;
    private bool _isStepping;
    private bool _isOver;
    private bool _wasTaken;

    /// <param name="owner">Whose code the sequence runs.</param>
    /// <param name="sequence">The other side's sequence.</param>
    /// <param name="token">What the other side's code has, or gets, as its token.</param>
    /// <param name="detach">Copies what an item may hide behind; null where nothing can.</param>
    /// <param name="caller">The caller's token, already linked to <paramref name="token"/>.</param>
    public SequenceLease(SequenceOwner owner, IAsyncEnumerable<T> sequence, LeaseTokenSource token, Func<T, T>? detach, CancellationToken caller)
    {
        _owner = owner;
        _sequence = sequence;
        _stream = sequence as StreamSequence;
        _token = token;
        _detach = detach;
        _caller = caller;
    }

    /// <inheritdoc/>
    public T Current => _current!;

    /// <inheritdoc/>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_isRead)
            {
                throw new InvalidOperationException("This sequence can be read once: call again for another.");
            }

            _isRead = true;
            if (cancellationToken != _caller)
            {
                _reader = cancellationToken;
                _token?.Link(cancellationToken);
            }
        }

        return this;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> MoveNextAsync()
    {
        if (!_isOver && Cancelled() is { CanBeCanceled: true } cancelled)
        {
            // A generator that never looks at its token is ended between two steps.
            await DisposeAsync().ConfigureAwait(false);
            throw _owner.Caught(new OperationCanceledException(cancelled), cancelled);
        }

        if (!TryBegin())
        {
            return false;
        }

        Task<bool> step = StepAsync();
        bool moved;
        try
        {
            moved = await (step.IsCompleted ? step : step.WaitAsync(_owner.Timeout, _owner.Clock, _taken.Token)).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            throw await FailedAsync(step, thrown).ConfigureAwait(false);
        }

        if (!moved)
        {
            await CloseAsync().ConfigureAwait(false);
            return false;
        }

        _current = _next;
        return true;
    }

    private CancellationToken Cancelled() =>
        _reader.IsCancellationRequested ? _reader : _caller.IsCancellationRequested ? _caller : CancellationToken.None;

    private bool TryBegin()
    {
        lock (_lock)
        {
            if (_isStepping)
            {
                throw new InvalidOperationException("The step before has not ended.");
            }

            if (!_isOver)
            {
                _isStepping = true;
                return true;
            }

            if (!_wasTaken)
            {
                return false;
            }

            _wasTaken = false;
        }

        throw _owner.Cut();
    }

    /// <summary>One step of the other side; what it took away meanwhile is disposed after it.</summary>
    private async Task<bool> StepAsync()
    {
        IAsyncEnumerator<T>? source = _source;
        try
        {
            return await Step(ref source).ConfigureAwait(false);
        }
        finally
        {
            bool isOver;
            lock (_lock)
            {
                _isStepping = false;
                isOver = _isOver;
            }

            if (isOver)
            {
                await CloseAsync(source).ConfigureAwait(false);
            }
        }
    }

    private Task<bool> Step(ref IAsyncEnumerator<T>? source)
    {
        CallEntry entry = _owner.Enter();
        try
        {
            if (source is null)
            {
                source = _sequence!.GetAsyncEnumerator(_token!.Token);
                Keep(source);
            }

            ValueTask<bool> pending = source.MoveNextAsync();
            return pending.IsCompletedSuccessfully ? Task.FromResult(Take(source, pending.Result)) : WaitAsync(source, pending);
        }
        catch (Exception thrown)
        {
            return Task.FromException<bool>(thrown);
        }
        finally
        {
            _owner.Undo(entry);
        }
    }

    private async Task<bool> WaitAsync(IAsyncEnumerator<T> source, ValueTask<bool> pending)
    {
        _owner.CountSuspended(1);
        try
        {
            return Take(source, await pending.ConfigureAwait(false));
        }
        finally
        {
            _owner.CountSuspended(-1);
        }
    }

    private void Keep(IAsyncEnumerator<T> source)
    {
        lock (_lock)
        {
            if (!_isOver)
            {
                _source = source;
                _sequence = null;
            }
        }
    }

    private bool Take(IAsyncEnumerator<T> source, bool moved)
    {
        if (moved)
        {
            T item = source.Current;
            _next = _detach is null || item is null ? item : _detach(item);
        }

        return moved;
    }

    private async Task<Exception> FailedAsync(Task<bool> step, Exception thrown)
    {
        LeaseTokenSource? token;
        bool wasTaken;
        bool wasOver;
        lock (_lock)
        {
            token = _token;
            wasOver = _isOver;
            wasTaken = _wasTaken;
            _wasTaken = false;
            _isOver = true;
        }

        if (step.IsCompleted && !wasOver)
        {
            await CloseAsync().ConfigureAwait(false);
            return _owner.Caught(thrown, Cancelled());
        }

        // Nobody waits for the step any more: what it still throws is seen here.
        _ = step.ContinueWith(static s => _ = s.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Exception reason = wasTaken || wasOver ? _owner.Cut() : _owner.TimedOut();
        await CancelAsync(token).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
        return reason;
    }
}

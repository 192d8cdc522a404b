namespace PluginHost.Contracts.Invocation;

/// <content>Its end: by its reader, by its owner, or after the last step; the other side's enumerator is disposed once.</content>
internal sealed partial class SequenceLease<T>
{
    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        LeaseTokenSource? token;
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            token = _token;
        }

        try
        {
            await StopAsync(token).WaitAsync(_owner.Timeout, _owner.Clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Recorded; whoever stops reading is not told of the other side's troubles.
            _ = _owner.TimedOut();
        }
    }

    /// <inheritdoc/>
    public override async Task EndAsync()
    {
        LeaseTokenSource? token;
        lock (_lock)
        {
            token = _token;
            if (!_isOver)
            {
                _isOver = true;
                _wasTaken = true;
            }
        }

        await _taken.CancelAsync().ConfigureAwait(false);
        await StopAsync(token).ConfigureAwait(false);
        await _closed.Task.ConfigureAwait(false);
    }

    // Between two steps the generator's finally blocks run first, with a token that still works; in a step only the token can end it.
    private async Task StopAsync(LeaseTokenSource? token)
    {
        if (!await CloseAsync().ConfigureAwait(false))
        {
            await CancelAsync(token).ConfigureAwait(false);
        }
    }

    /// <summary>Drops every reference to the other side and disposes its enumerator; during a step that is left to the step's end.</summary>
    /// <returns>False where that is left to the step.</returns>
    private async Task<bool> CloseAsync(IAsyncEnumerator<T>? last = null)
    {
        IAsyncEnumerator<T>? source;
        StreamSequence? stream;
        LeaseTokenSource? token;
        lock (_lock)
        {
            _isOver = true;
            source = _source ?? last;
            _source = null;
            _sequence = null;
            if (_isStepping)
            {
                return false;
            }

            token = _token;
            _token = null;
            stream = _stream;
            _stream = null;
        }

        if (token is null)
        {
            return true;
        }

        token.Unlink();
        if (source is not null)
        {
            await DisposeAsync(source, token).ConfigureAwait(false);
        }
        else if (stream is not null)
        {
            // Nobody began to read it.
            await DisposeAsync(stream, token).ConfigureAwait(false);
        }

        await CancelAsync(token).ConfigureAwait(false);
        _owner.Remove(this);
        _closed.TrySetResult();
        return true;
    }

    private async Task DisposeAsync(IAsyncDisposable source, LeaseTokenSource token)
    {
        try
        {
            await Dispose(source).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Its finally blocks met the token that asked them to stop.
        }
        catch (Exception thrown)
        {
            _owner.ReleaseFaulted(thrown);
        }
    }

    private Task Dispose(IAsyncDisposable source)
    {
        CallEntry entry = _owner.Enter();
        try
        {
            ValueTask pending = source.DisposeAsync();
            return pending.IsCompleted ? pending.AsTask() : WaitAsync(pending);
        }
        finally
        {
            _owner.Undo(entry);
        }
    }

    private async Task WaitAsync(ValueTask pending)
    {
        _owner.CountSuspended(1);
        try
        {
            await pending.ConfigureAwait(false);
        }
        finally
        {
            _owner.CountSuspended(-1);
        }
    }

    private async Task CancelAsync(LeaseTokenSource? token)
    {
        try
        {
            await (token?.CancelAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (Exception thrown)
        {
            // What the other side registered on its token threw.
            _owner.ReleaseFaulted(thrown);
        }
    }
}

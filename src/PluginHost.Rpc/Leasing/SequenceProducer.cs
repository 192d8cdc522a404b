using System.Runtime.ExceptionServices;
using PluginHost.Contracts.Invocation;

namespace PluginHost.Rpc.Leasing;

/// <summary>
/// Runs a sequence's generator: while a step waits, and then ahead of the next one as far as it may. One step at a time; the generator is disposed
/// when it ends, or when its lease does, and never while it runs.
/// </summary>
internal sealed partial class SequenceProducer<T, TCodec> : SequenceSource, IThreadPoolWorkItem
    where TCodec : struct, IValueCodec<T>
{
    private readonly Lock _lock = new();
    private readonly IAsyncEnumerable<T> _sequence;
    private readonly LeaseLifetime _lifetime;
    private readonly SequenceErrors _errors;
    private readonly TokenTable<SequenceSource> _table;
    private readonly LeaseChannel _channel;
    private readonly Queue<T> _ready = new();
    private IAsyncEnumerator<T>? _items;
    private TaskCompletionSource? _waiting;
    private Exception? _error;
    private ExecutionContext? _flow;
    private long _askedAt;
    private bool _isStepping;
    private bool _isRunning;
    private bool _isComplete;
    private bool _isEnded;
    private StreamSequence? _unread;

    public SequenceProducer(
        IAsyncEnumerable<T> sequence, LeaseLifetime lifetime, SequenceErrors errors, TokenTable<SequenceSource> table, LeaseChannel channel)
    {
        _sequence = sequence;
        _unread = sequence as StreamSequence;
        _lifetime = lifetime;
        _errors = errors;
        _table = table;
        _channel = channel;
        _askedAt = channel.Clock.GetTimestamp();
        _flow = ExecutionContext.Capture();
    }

    private int Wanted => Math.Max(_channel.Options.SequenceReadAhead, _waiting is null ? 0 : _channel.Options.SequenceMinBatch);

    /// <summary>Gives the sequence its token.</summary>
    /// <exception cref="ValueFormatException">As many are alive as may.</exception>
    public void Register()
    {
        if (!_table.TryAdd(this, out long token))
        {
            Drop();
            throw new ValueFormatException($"The sequence cannot be sent: {_channel.Options.MaxTokens} sequences are open on this connection, and that is its limit.");
        }

        Token = token;
    }

    /// <summary>True where items are ready.</summary>
    public bool HasItems
    {
        get
        {
            lock (_lock)
            {
                return _ready.Count > 0 || (_isComplete && _error is null);
            }
        }
    }

    /// <summary>True where no item will come that is not ready.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_lock)
            {
                return _isComplete && _error is null;
            }
        }
    }

    /// <summary>Takes the items that are ready. Only by whoever writes the sequence or its step.</summary>
    /// <param name="item">The next one.</param>
    public bool TryTake(out T item)
    {
        lock (_lock)
        {
            return _ready.TryDequeue(out item!);
        }
    }

    /// <summary>
    /// Ends the writing of items, so that the next step may come. True where no other item will come and there was no error; the token is then given
    /// back.
    /// </summary>
    public bool EndWriting()
    {
        lock (_lock)
        {
            _isStepping = false;
            _askedAt = _channel.Clock.GetTimestamp();
            if (!_isComplete || _error is not null || _ready.Count > 0)
            {
                return false;
            }

            _isEnded = true;
        }

        _table.Remove(Token);
        _lifetime.End();
        return true;
    }

    /// <inheritdoc/>
    public override async ValueTask NextAsync(Reply reply, CancellationToken cancellationToken)
    {
        if (Ask() is { } ready)
        {
            try
            {
                await ready.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                GiveUpStep();
                throw;
            }
        }

        ThrowIfOver();
        reply.Send(new SequenceStep<T, TCodec>(this));
        RunAhead();
    }

    /// <inheritdoc/>
    public override void EndIfIdle(long now, TimeSpan limit)
    {
        lock (_lock)
        {
            if (_isStepping || _channel.Clock.GetElapsedTime(_askedAt, now) < limit)
            {
                return;
            }
        }

        Drop();
    }

    /// <inheritdoc/>
    public override void Drop()
    {
        TaskCompletionSource? waiting;
        bool isIdle;
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
            waiting = _waiting;
            _waiting = null;
            isIdle = !_isRunning && !_isComplete && (_items is not null || _unread is not null);
            _isRunning |= isIdle;
        }

        _table.Remove(Token);
        _lifetime.End();
        waiting?.TrySetException(new LeaseGoneException());
        if (isIdle)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <inheritdoc/>
    public override void Withdraw()
    {
        lock (_lock)
        {
            _unread = null;
        }

        Drop();
    }

    /// <summary>Notes that a step asks; a task where it has to wait.</summary>
    private Task? Ask()
    {
        bool mustRun;
        Task? ready = null;
        lock (_lock)
        {
            if (_isEnded)
            {
                throw new LeaseGoneException();
            }

            if (_isStepping)
            {
                throw new ValueFormatException("A step of this sequence is waiting for its answer already.");
            }

            _isStepping = true;
            _flow = ExecutionContext.Capture();
            if (!IsReady_NeedsLock())
            {
                _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                ready = _waiting.Task;
            }

            mustRun = ready is not null && !_isRunning;
            _isRunning |= mustRun;
        }

        if (mustRun)
        {
            _ = RunAsync(null);
        }

        return ready;
    }

    /// <summary>Forgets a step that was cancelled while it waited.</summary>
    private void GiveUpStep()
    {
        lock (_lock)
        {
            _waiting = null;
            _isStepping = false;
            _askedAt = _channel.Clock.GetTimestamp();
        }
    }

    private void ThrowIfOver()
    {
        Exception? error;
        lock (_lock)
        {
            if (_isEnded)
            {
                throw new LeaseGoneException();
            }

            error = _ready.Count == 0 ? _error : null;
            _isEnded = error is not null;
        }

        if (error is not null)
        {
            _table.Remove(Token);
            _lifetime.End();
            ExceptionDispatchInfo.Throw(_errors.Of(error));
        }
    }

    private bool IsReady_NeedsLock() => _isComplete || _ready.Count >= _channel.Options.SequenceMinBatch;
}

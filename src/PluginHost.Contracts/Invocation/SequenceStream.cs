namespace PluginHost.Contracts.Invocation;

/// <summary>
/// A sequence of chunks as a stream: read forward once. Reading synchronously blocks. Disposing it, and cancelling a read, ends the sequence on
/// the other side. One read at a time; disposing at any time.
/// </summary>
internal sealed class SequenceStream : Stream
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly IAsyncEnumerator<byte[]> _chunks;
    private ReadOnlyMemory<byte> _left;
    private bool _isReading;
    private bool _isBegun;
    private bool _isDisposed;

    public SequenceStream(IAsyncEnumerable<byte[]> chunks) => _chunks = chunks.GetAsyncEnumerator(_ended.Token);

    /// <inheritdoc/>
    public override bool CanRead => !_isDisposed;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw ForwardOnly();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw ForwardOnly();
        set => throw ForwardOnly();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        BeginRead();
        try
        {
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static stream => ((SequenceStream)stream!).End(), this);
            while (_left.IsEmpty && buffer.Length > 0)
            {
                if (!await _chunks.MoveNextAsync().ConfigureAwait(false))
                {
                    return 0;
                }

                _left = _chunks.Current;
            }

            int count = Math.Min(buffer.Length, _left.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            throw;
        }
        finally
        {
            if (EndRead())
            {
                await _chunks.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValueTask<int> reading = ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None);
        return reading.IsCompleted ? reading.GetAwaiter().GetResult() : reading.AsTask().GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is written.
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw ForwardOnly();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw ForwardOnly();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw ForwardOnly();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (BeginDispose(out bool wasBegun))
        {
            await EndSequenceAsync(wasBegun).ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && BeginDispose(out bool wasBegun))
        {
            ValueTask ending = EndSequenceAsync(wasBegun);
            if (!ending.IsCompletedSuccessfully)
            {
                ending.AsTask().GetAwaiter().GetResult();
            }
        }

        base.Dispose(disposing);
    }

    private static NotSupportedException ForwardOnly() => new("This stream comes from a plugin's call: it can only be read, forward and once.");

    private void End() => _ended.Cancel();

    private void BeginRead()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_isReading)
            {
                throw new InvalidOperationException("This stream is being read: one read at a time.");
            }

            _isReading = true;
            _isBegun = true;
        }
    }

    /// <summary>True where the stream was disposed meanwhile: whoever was reading ends the sequence.</summary>
    private bool EndRead()
    {
        lock (_lock)
        {
            _isReading = false;
            return _isDisposed;
        }
    }

    /// <summary>True where nobody reads: the caller ends the sequence.</summary>
    private bool BeginDispose(out bool wasBegun)
    {
        bool isFree;
        lock (_lock)
        {
            wasBegun = _isBegun;
            if (_isDisposed)
            {
                return false;
            }

            _isDisposed = true;
            isFree = !_isReading;
        }

        if (!isFree)
        {
            // Outside the lock: what listens there is others' code. Whoever reads ends the sequence.
            End();
        }

        return isFree;
    }

    private ValueTask EndSequenceAsync(bool wasBegun)
    {
        if (wasBegun)
        {
            End();
            return _chunks.DisposeAsync();
        }

        // A generator that never began would not dispose its stream: it is begun and ended, and nobody waits for it.
        _ = EndUnreadAsync();
        return default;
    }

    private async Task EndUnreadAsync()
    {
        try
        {
            await _chunks.MoveNextAsync().ConfigureAwait(false);
            await _chunks.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The stream failed, or its owner is gone: nobody reads it, and so nobody is told.
        }
    }
}

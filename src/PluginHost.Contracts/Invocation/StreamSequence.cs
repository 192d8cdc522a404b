namespace PluginHost.Contracts.Invocation;

/// <summary>
/// A stream as a sequence of its bytes in chunks, for the engine: read once, and the stream is disposed at its end. One that nobody began to read
/// is disposed by whoever gives it up. Thread-safe.
/// </summary>
public sealed class StreamSequence : IAsyncEnumerable<byte[]>, IAsyncDisposable
{
    private Stream? _stream;

    internal StreamSequence(Stream stream) => _stream = stream;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It was read, or given up, before.</exception>
    public IAsyncEnumerator<byte[]> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        Stream stream = Interlocked.Exchange(ref _stream, null) ?? throw new InvalidOperationException("A stream can be read once.");
        return ByteChunks.OfAsync(stream, cancellationToken).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>Disposes a stream that nobody began to read; any other is its reader's.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _stream, null)?.DisposeAsync() ?? default;
}

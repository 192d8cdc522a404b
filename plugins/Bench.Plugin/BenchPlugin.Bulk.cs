using System.Buffers;
using Bench.Contracts;

namespace Bench.Plugin;

/// <content>Large values: what is given is made once and given again and again.</content>
public sealed partial class BenchPlugin : IBulk
{
    private byte[] _given = [];

    /// <inheritdoc/>
    public ValueTask<long> TakeArrayAsync(byte[] bytes, CancellationToken cancellationToken) => new(Look(bytes));

    /// <inheritdoc/>
    public ValueTask<long> TakeMemoryAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => new(Look(bytes.Span));

    /// <inheritdoc/>
    public async Task<long> TakeStreamAsync(Stream bytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        long count = 0;
        int read;
        while ((read = await bytes.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            count += read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return count;
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> GiveArrayAsync(int count, CancellationToken cancellationToken) => new(Given(count));

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> GiveMemoryAsync(int count, CancellationToken cancellationToken) => new(Given(count));

    /// <inheritdoc/>
    public ValueTask<IMemoryOwner<byte>> GiveOwnedAsync(int count, CancellationToken cancellationToken) => new(new Kept(Given(count)));

    /// <inheritdoc/>
    public Task<Stream> GiveStreamAsync(int count, CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(new MemoryStream(Given(count), writable: false));

    private static long Look(ReadOnlySpan<byte> bytes) => bytes.Length + bytes[0] + bytes[^1];

    private byte[] Given(int count)
    {
        byte[] given = _given;
        if (given.Length != count)
        {
            given = new byte[count];
            given.AsSpan().Fill(7);
            _given = given;
        }

        return given;
    }

    /// <summary>Memory that stays this plugin's after it was given.</summary>
    private sealed class Kept(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose()
        {
            // The array is given again.
        }
    }
}

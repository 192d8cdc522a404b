using System.Buffers;

namespace Fixtures.Features.Plugin;

/// <content>Large values.</content>
public sealed partial class FeaturesPlugin
{
    private int _disowned;

    public Task<byte[]?> FlipAsync(byte[]? bytes, CancellationToken cancellationToken) => Task.FromResult(bytes is null ? null : Reversed(bytes));

    public ReadOnlyMemory<byte> Reverse(ReadOnlyMemory<byte> bytes) => Reversed(bytes.Span);

    public Memory<byte> ReverseInPlace(Memory<byte> bytes) => Reversed(bytes.Span);

    public async Task<IMemoryOwner<byte>?> OwnLaterAsync(int count, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return count < 0 ? null : new Owner(this, count);
    }

    public IMemoryOwner<byte> Own(int count) => new Owner(this, count);

    public int Disowned() => Volatile.Read(ref _disowned);

    public async Task<long> MeasureAsync(Stream? bytes, int most, CancellationToken cancellationToken)
    {
        if (bytes is null)
        {
            return -1;
        }

        byte[] buffer = new byte[50_000];
        long sum = 0;
        for (int read = 0; read < most;)
        {
            int count = await bytes.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, most - read)), cancellationToken);
            if (count == 0)
            {
                break;
            }

            read += count;
            for (int i = 0; i < count; i++)
            {
                sum += buffer[i];
            }
        }

        return sum;
    }

    public async Task<Stream?> OpenBytesAsync(int count, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return count < 0 ? null : new Watched(this, Numbered(count));
    }

    private static byte[] Reversed(ReadOnlySpan<byte> bytes)
    {
        byte[] reversed = bytes.ToArray();
        reversed.AsSpan().Reverse();
        return reversed;
    }

    private static byte[] Numbered(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(i % 251);
        }

        return bytes;
    }

    /// <summary>Memory of this plugin's own class.</summary>
    private sealed class Owner(FeaturesPlugin plugin, int count) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = Numbered(count);

        public void Dispose() => Interlocked.Increment(ref plugin._disowned);
    }

    /// <summary>A stream whose disposal is counted.</summary>
    private sealed class Watched(FeaturesPlugin plugin, byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        protected override void Dispose(bool disposing)
        {
            Interlocked.Increment(ref plugin._finished);
            base.Dispose(disposing);
        }
    }
}

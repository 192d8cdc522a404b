using System.Runtime.CompilerServices;

namespace PluginHost.Contracts.Invocation;

/// <summary>A stream's bytes as the items of a sequence.</summary>
internal readonly struct ByteChunks : IValueCodec<byte[]>
{
    // Above what travels beside a message, and below what the collector treats as large.
    private const int ChunkBytes = 80 * 1024;

    public static void Write<TWriter>(ref TWriter writer, byte[] value)
        where TWriter : struct, IValueWriter, allows ref struct => writer.WriteBinary(value);

    public static byte[] Read<TReader>(ref TReader reader)
        where TReader : struct, IValueReader, allows ref struct =>
        reader.ReadBinary() ?? throw new ValueFormatException("A stream's chunk is null; expected bytes.");

    /// <summary>Reads a stream to its end, and disposes it then or where the sequence is given up.</summary>
    public static async IAsyncEnumerable<byte[]> OfAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using (stream.ConfigureAwait(false))
        {
            while (true)
            {
                byte[] chunk = GC.AllocateUninitializedArray<byte>(ChunkBytes);
                int count = await stream.ReadAtLeastAsync(chunk, ChunkBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                if (count == 0)
                {
                    yield break;
                }

                yield return count == ChunkBytes ? chunk : chunk[..count];
                if (count < ChunkBytes)
                {
                    yield break;
                }
            }
        }
    }
}

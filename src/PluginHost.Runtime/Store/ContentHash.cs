using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PluginHost.Runtime.Store;

/// <summary>The hash of a plugin's whole folder; docs/content-hash.md says how to make it with a shell.</summary>
internal static class ContentHash
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>The order of the files: by the bytes of their paths in UTF-8.</summary>
    public static int Order(string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));

    /// <summary>The hash of files in their order: SHA-256 over one line a file, <c>HASH LENGTH PATH</c>.</summary>
    public static string Of(IEnumerable<StoredFile> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file.Sha256} {file.Length} {file.Path}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Hashes a stream, and writes exactly what it hashes to another one where there is one.</summary>
    /// <param name="source">What to hash.</param>
    /// <param name="copy">Where to write it; null for nowhere.</param>
    /// <param name="most">Stops, with a length above this, where the source is longer.</param>
    public static (long Length, string Sha256) Digest(Stream source, Stream? copy, long most)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long length = 0;
            for (int read; length <= most && (read = source.Read(buffer)) > 0; length += read)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                copy?.Write(buffer.AsSpan(0, read));
            }

            return (length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

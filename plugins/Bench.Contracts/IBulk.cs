using System.Buffers;
using PluginHost.Contracts;

namespace Bench.Contracts;

/// <summary>Calls with large values; the plugin looks at little of them, so that what remains is their way. Thread-safe.</summary>
[PluginContract(Major = 1)]
public interface IBulk
{
    /// <summary>Takes an array.</summary>
    /// <param name="bytes">The bytes; not empty.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The length, the first and the last byte, added.</returns>
    ValueTask<long> TakeArrayAsync(byte[] bytes, CancellationToken cancellationToken);

    /// <summary>Takes memory.</summary>
    /// <param name="bytes">The bytes; not empty.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The length, the first and the last byte, added.</returns>
    ValueTask<long> TakeMemoryAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="bytes">The stream.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>How many bytes came.</returns>
    Task<long> TakeStreamAsync(Stream bytes, CancellationToken cancellationToken);

    /// <summary>Gives an array.</summary>
    /// <param name="count">How many bytes.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The bytes.</returns>
    ValueTask<byte[]> GiveArrayAsync(int count, CancellationToken cancellationToken);

    /// <summary>Gives memory.</summary>
    /// <param name="count">How many bytes.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The bytes.</returns>
    ValueTask<ReadOnlyMemory<byte>> GiveMemoryAsync(int count, CancellationToken cancellationToken);

    /// <summary>Gives memory that the caller owns.</summary>
    /// <param name="count">How many bytes.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The bytes; the caller disposes them.</returns>
    ValueTask<IMemoryOwner<byte>> GiveOwnedAsync(int count, CancellationToken cancellationToken);

    /// <summary>Gives a stream.</summary>
    /// <param name="count">How many bytes it holds.</param>
    /// <param name="cancellationToken">Not looked at.</param>
    /// <returns>The stream; the caller disposes it.</returns>
    Task<Stream> GiveStreamAsync(int count, CancellationToken cancellationToken);
}

using System.Buffers;
using Bench.Contracts;

namespace PluginHost.Cli.Bench;

/// <summary>One way of a large value through the contract.</summary>
/// <param name="IsToWorker">True for an argument, false for a result.</param>
/// <param name="Type">The type in the contract.</param>
/// <param name="CallAsync">One call; it ends when the value is where it is wanted.</param>
internal sealed record PayloadWay(bool IsToWorker, string Type, Func<IBulk, byte[], CancellationToken, Task> CallAsync)
{
    /// <summary>All ways.</summary>
    public static IReadOnlyList<PayloadWay> All { get; } =
    [
        new(true, "byte[]", async (bulk, bytes, token) => Check(await bulk.TakeArrayAsync(bytes, token).ConfigureAwait(false), bytes)),
        new(true, "ReadOnlyMemory<byte>", async (bulk, bytes, token) => Check(await bulk.TakeMemoryAsync(bytes, token).ConfigureAwait(false), bytes)),
        new(true, "Stream", TakeStreamAsync),
        new(false, "byte[]", async (bulk, bytes, token) => CheckLength((await bulk.GiveArrayAsync(bytes.Length, token).ConfigureAwait(false)).Length, bytes)),
        new(false, "ReadOnlyMemory<byte>", async (bulk, bytes, token) => CheckLength((await bulk.GiveMemoryAsync(bytes.Length, token).ConfigureAwait(false)).Length, bytes)),
        new(false, "IMemoryOwner<byte>", GiveOwnedAsync),
        new(false, "Stream", GiveStreamAsync),
    ];

    private static async Task TakeStreamAsync(IBulk bulk, byte[] bytes, CancellationToken token)
    {
        using MemoryStream stream = new(bytes, writable: false);
        CheckLength(await bulk.TakeStreamAsync(stream, token).ConfigureAwait(false), bytes);
    }

    private static async Task GiveOwnedAsync(IBulk bulk, byte[] bytes, CancellationToken token)
    {
        using IMemoryOwner<byte> owner = await bulk.GiveOwnedAsync(bytes.Length, token).ConfigureAwait(false);
        CheckLength(owner.Memory.Length, bytes);
    }

    private static async Task GiveStreamAsync(IBulk bulk, byte[] bytes, CancellationToken token)
    {
        Stream stream = await bulk.GiveStreamAsync(bytes.Length, token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
            long count = 0;
            int read;
            while ((read = await stream.ReadAsync(buffer, token).ConfigureAwait(false)) > 0)
            {
                count += read;
            }

            ArrayPool<byte>.Shared.Return(buffer);
            CheckLength(count, bytes);
        }
    }

    private static void Check(long looked, byte[] bytes) => CheckLength(looked - bytes[0] - bytes[^1], bytes);

    private static void CheckLength(long length, byte[] bytes)
    {
        if (length != bytes.Length)
        {
            throw new InvalidOperationException($"{length} of {bytes.Length} bytes crossed.");
        }
    }
}

using System.Buffers;
using System.Runtime.InteropServices;
using PluginHost.Contracts.Invocation;

namespace Fixtures.Processes.Plugin;

/// <content>Large values, and what a hostile plugin does to what it shares with the host.</content>
public sealed partial class FixturePlugin
{
    private const int Channel = 3;

    public void AttackRing(string how, int seed) => MemoryAttack.Ring.Start(how, seed);

    public string TruncateRing(int host) => MemoryAttack.Ring.Truncate(host);

    public byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(i % 251);
        }

        return bytes;
    }

    public IMemoryOwner<byte> OwnBytes(int count) => new OwnedMemory(Bytes(count));

    public long SumBytes(ReadOnlyMemory<byte> bytes)
    {
        long sum = 0;
        foreach (byte one in bytes.Span)
        {
            sum += one;
        }

        return sum;
    }

    public async Task<byte[]> NoBytesAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        return [];
    }

    public void AttackPayloads(string how, int seed) => MemoryAttack.Payloads.Start(how, seed);

    public string TruncatePayloads(int host) => MemoryAttack.Payloads.Truncate(host);

    public void WritePayloads(long at, byte[] bytes) => MemoryAttack.Payloads.Write(at, bytes);

    public long ReadPayloads(long at) => MemoryAttack.Payloads.Read(at);

    public void Inject(byte[] frames)
    {
        for (int at = 0; at < frames.Length;)
        {
            int sent = (int)send(Channel, ref frames[at], frames.Length - at, 0);
            at += sent > 0 ? sent : throw new InvalidOperationException($"The channel took {at} of {frames.Length} bytes.");
        }
    }

    [DllImport("libc")]
    private static extern nint send(int socket, ref byte bytes, nint count, int flags);
}

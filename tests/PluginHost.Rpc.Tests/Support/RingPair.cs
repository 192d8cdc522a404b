using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>The two ends of rings in memory that both map for themselves, as a host and its worker have them.</summary>
internal sealed class RingPair : IDisposable
{
    public RingPair(int ringBytes)
    {
        RingBytes = ringBytes;
        Memory = RingTransport.CreateMemory(ringBytes);
        (Socket a, Socket b) = SocketPair.Create();
        Host = new RingTransport(a);
        Worker = new RingTransport(Bare(b));
    }

    public int RingBytes { get; }

    public SharedMemory Memory { get; }

    public RingTransport Host { get; }

    public RingTransport Worker { get; }

    /// <summary>Both ends have changed to the ring, and the worker knows it.</summary>
    public static (RpcTransport Host, RpcTransport Worker) Create(int ringBytes)
    {
        using RingPair pair = new(ringBytes);
        pair.Change();
        return (pair.Host, pair.Worker);
    }

    public static (RpcTransport Host, RpcTransport Worker) CreateWithoutRing()
    {
        (Socket a, Socket b) = SocketPair.Create();
        return (new SocketTransport(a), new SocketTransport(Bare(b)));
    }

    /// <summary>As a worker has it: a descriptor, and nothing of the runtime's around it.</summary>
    private static SafeFileHandle Bare(Socket socket)
    {
        using (socket)
        {
            return Descriptors.Duplicate(socket.SafeHandle);
        }
    }

    /// <summary>Changes both ends; one byte tells the worker that the host has.</summary>
    public void Change()
    {
        ChangeWorker();
        Host.UseRing(Memory.Mapping, RingBytes, isHost: true);
        Host.TrySend([1]);
        Span<byte> one = stackalloc byte[1];
        Worker.Receive(one, Timeout.Infinite);
    }

    public void ChangeWorker()
    {
        using SharedMemory copy = SharedMemory.Open(Descriptors.Duplicate(Memory.Descriptor), RingTransport.MemoryBytes(RingBytes));
        Worker.UseRing(copy.Mapping, RingBytes, isHost: false);
    }

    /// <summary>Leaves the transports to their owners.</summary>
    public void Dispose() => Memory.Dispose();
}

using System.Net.Sockets;

namespace PluginHost.Rpc.Transport;

/// <summary>What came of an attempt to send without waiting.</summary>
/// <param name="Sent">How many bytes the system took.</param>
/// <param name="IsFull">True where it would take more only later.</param>
public readonly record struct SendAttempt(int Sent, bool IsFull);

/// <summary>
/// What carries bytes both ways, in order: one reader and one writer at a time. Any thread may shut it down; that ends a receive and a send which
/// are waiting.
/// </summary>
public abstract class RpcTransport : IDisposable
{
    /// <summary>Waits for bytes; 0 at the stream's end.</summary>
    /// <exception cref="SocketException">The stream broke.</exception>
    public abstract int Receive(Span<byte> bytes);

    /// <summary>Waits until the system has taken some bytes, and says how many.</summary>
    /// <exception cref="SocketException">The stream broke.</exception>
    public abstract int Send(ReadOnlySpan<byte> bytes);

    /// <summary>Sends as much as the system takes now.</summary>
    /// <exception cref="SocketException">The stream broke.</exception>
    public abstract SendAttempt TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>Ends both directions at once, without waiting for anything.</summary>
    public abstract void ShutDown();

    /// <summary>Gives everything back. Only once nobody receives or sends any more.</summary>
    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what the transport holds.</summary>
    protected abstract void Dispose(bool isDisposing);
}

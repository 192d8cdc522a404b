using System.Net.Sockets;

namespace PluginHost.Rpc.Transport;

/// <summary>What came of an attempt to send without waiting.</summary>
/// <param name="Sent">How many bytes the system took.</param>
/// <param name="IsFull">True where it would take more only later.</param>
public readonly record struct SendAttempt(int Sent, bool IsFull);

/// <summary>
/// What carries bytes both ways, in order: one reader and one writer at a time, each of which may be another thread than before. Any thread may
/// shut it down; that ends a receive and a send which are waiting.
/// </summary>
public abstract class RpcTransport : IDisposable
{
    /// <summary>What <see cref="Receive"/> gives where nothing came in time.</summary>
    public const int NothingYet = -1;

    /// <summary>
    /// Asked by a receive that finds nothing, and again while it looks: true while bytes are expected within microseconds, because calls wait for
    /// answers or calls were just coming in. Only then may it look again and again before it sleeps, for at most 50 us, yielding its core. Quick,
    /// takes no lock. Set by the connection before the first receive; null means never.
    /// </summary>
    public Func<bool>? MaySpin { get; set; }

    /// <summary>
    /// A descriptor that <c>poll</c> and <c>epoll</c> report as readable whenever <see cref="Receive"/> would not wait, or -1 where there is none:
    /// such a transport always has a reading thread of its own.
    /// </summary>
    public virtual int PollDescriptor => -1;

    /// <summary>Receives what has come, or waits for it.</summary>
    /// <param name="bytes">Where to put it; at least one byte.</param>
    /// <param name="milliseconds">
    /// How long to wait: 0 looks only, <see cref="Timeout.Infinite"/> has no bound. May be exceeded by some milliseconds.
    /// </param>
    /// <returns>How many bytes came; 0 at the stream's end; <see cref="NothingYet"/> where nothing came in time.</returns>
    /// <exception cref="SocketException">The stream broke.</exception>
    public abstract int Receive(Span<byte> bytes, int milliseconds);

    /// <summary>True where <see cref="ReceiveSoon"/> asks no system: a thread that has nothing else to do for a moment then gains by looking itself.</summary>
    public virtual bool LooksCheaply => false;

    /// <summary>
    /// Receives what has come, or comes within microseconds: looks again and again where <see cref="MaySpin"/> lets it, and never sleeps.
    /// </summary>
    /// <param name="bytes">Where to put it; at least one byte.</param>
    /// <returns>As <see cref="Receive"/>.</returns>
    /// <exception cref="SocketException">The stream broke.</exception>
    public virtual int ReceiveSoon(Span<byte> bytes) => Receive(bytes, 0);

    /// <summary>Waits until the system has taken some bytes, and says how many.</summary>
    /// <exception cref="SocketException">The stream broke.</exception>
    public abstract int Send(ReadOnlySpan<byte> bytes);

    /// <summary>Sends as much as the system takes now.</summary>
    /// <exception cref="SocketException">The stream broke.</exception>
    public abstract SendAttempt TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Says that the peer's process has ended and sends nothing more: what it sent before is still received, then the stream ends, whoever else may hold
    /// the peer's end open. Returns at once. Any thread may call it.
    /// </summary>
    public virtual void PeerEnded()
    {
        // A transport that ends with the peer's process by itself has nothing to do.
    }

    /// <summary>Ends both directions at once, without waiting for anything.</summary>
    public abstract void ShutDown();

    /// <summary>
    /// Says that something is going to come within microseconds, as an answer is: a receive that sleeps may wake and look for it, so that it is awake
    /// by then. Only a hint; returns at once. Any thread may call it.
    /// </summary>
    public virtual void Expect()
    {
        // A transport whose receive never looks again and again has nothing to gain.
    }

    /// <summary>Gives everything back. Only once nobody receives or sends any more.</summary>
    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives back what the transport holds.</summary>
    protected abstract void Dispose(bool isDisposing);
}

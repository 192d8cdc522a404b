using System.Diagnostics;
using System.Net.Sockets;

namespace PluginHost.Cli.Bench;

/// <summary>64 bytes there and back over a Unix socket between two processes, with blocking calls on both sides: the floor of a tier over the socket.</summary>
internal sealed class SocketPingPong : IDisposable
{
    /// <summary>The peer's name for this.</summary>
    public const string Kind = "socket";

    private const int Bytes = 64;
    private readonly Socket _socket;
    private readonly PeerProcess _peer;
    private readonly byte[] _message = new byte[Bytes];

    /// <summary>Starts the peer and connects.</summary>
    /// <param name="scratch">A folder for the socket.</param>
    public SocketPingPong(string scratch)
    {
        string path = Path.Combine(scratch, "ping.sock");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        _peer = new PeerProcess(Kind, path);
        _socket = listener.Accept();
    }

    /// <summary>Times round trips, in ticks of <see cref="Stopwatch"/>.</summary>
    public void Time(Span<long> ticks)
    {
        for (int i = 0; i < ticks.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            _socket.Send(_message);
            ReceiveAll(_socket, _message);
            ticks[i] = Stopwatch.GetTimestamp() - started;
        }
    }

    /// <summary>The peer's side: answers until the connection ends.</summary>
    public static int Answer(string path)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        byte[] message = new byte[Bytes];
        while (ReceiveAll(socket, message))
        {
            socket.Send(message);
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _peer.Dispose();
    }

    private static bool ReceiveAll(Socket socket, byte[] message)
    {
        for (int received = 0; received < message.Length;)
        {
            int read = socket.Receive(message, received, message.Length - received, SocketFlags.None);
            if (read == 0)
            {
                return false;
            }

            received += read;
        }

        return true;
    }
}

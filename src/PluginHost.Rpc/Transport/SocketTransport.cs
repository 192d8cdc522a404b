using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// A connected stream socket with one blocking reader and one writer at a time. Any thread may shut it down; that ends a receive and a send
/// which are waiting.
/// </summary>
internal sealed class SocketTransport : RpcTransport
{
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int TryAgain = 11;
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;
    private const int Reset = 104;

    private readonly Socket _socket;

    public SocketTransport(Socket socket)
    {
        _socket = socket;
        _socket.Blocking = true;
    }

    /// <inheritdoc/>
    public override int Receive(Span<byte> bytes) => _socket.Receive(bytes, SocketFlags.None);

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<byte> bytes) => _socket.Send(bytes, SocketFlags.None);

    /// <inheritdoc/>
    public override unsafe SendAttempt TrySend(ReadOnlySpan<byte> bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new SendAttempt(0, IsFull: true);
        }

        SafeSocketHandle handle = _socket.SafeHandle;
        bool isHeld = false;
        try
        {
            // The number must stay this socket's while it is in use, whoever closes it meanwhile.
            handle.DangerousAddRef(ref isHeld);
            fixed (byte* start = bytes)
            {
                int sent = 0;
                while (sent < bytes.Length)
                {
                    nint count = SendNow((int)handle.DangerousGetHandle(), start + sent, bytes.Length - sent, DontWait | NoSignal);
                    if (count >= 0)
                    {
                        sent += (int)count;
                        continue;
                    }

                    switch (Marshal.GetLastPInvokeError())
                    {
                        case Interrupted:
                            break;
                        case TryAgain:
                            return new SendAttempt(sent, IsFull: true);
                        case int error:
                            SocketError kind = error is BrokenPipe or Reset ? SocketError.ConnectionReset : SocketError.SocketError;
                            throw new SocketException((int)kind, Marshal.GetPInvokeErrorMessage(error));
                    }
                }

                return new SendAttempt(sent, IsFull: false);
            }
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <inheritdoc/>
    public override void ShutDown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer or the owner was first: the socket is as shut as it can be.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing) => _socket.Dispose();

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe nint SendNow(int descriptor, byte* bytes, nint count, int flags);
}

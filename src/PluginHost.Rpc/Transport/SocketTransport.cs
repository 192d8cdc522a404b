using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// A connected stream socket with one reader and one writer at a time. Any thread may shut it down; that ends a receive and a send which are waiting.
/// </summary>
internal sealed class SocketTransport : RpcTransport
{
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int SpinMicroseconds = 20;

    // Null where only the descriptor was given: then everything is asked of the system itself, as the fast path does anyway.
    private readonly Socket? _socket;
    private readonly SafeHandle _handle;
    private readonly SpinPolicy _spin = new(SpinMicroseconds, Environment.ProcessorCount);
    private int _receiveTimeout;

    public SocketTransport(Socket socket)
    {
        _socket = socket;
        _socket.Blocking = true;
        _handle = socket.SafeHandle;
    }

    /// <summary>Creates one of a descriptor, on Linux only: without the runtime's own machinery of sockets, which takes a process some milliseconds to start.</summary>
    /// <param name="descriptor">A connected stream socket; owned from here on.</param>
    public SocketTransport(SafeHandle descriptor)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("A transport of a bare descriptor needs Linux.");
        }

        _handle = descriptor;
    }

    /// <inheritdoc/>
    public override int PollDescriptor => OperatingSystem.IsLinux() ? (int)_handle.DangerousGetHandle() : -1;

    /// <summary>Holds the descriptor open for a wait.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public HeldDescriptor Hold() => new(_handle);

    /// <inheritdoc/>
    public override int Receive(Span<byte> bytes, int milliseconds)
    {
        if (!OperatingSystem.IsLinux())
        {
            return ReceivePortably(bytes, milliseconds);
        }

        if (milliseconds == 0)
        {
            return ReceiveOnce(bytes, DontWait);
        }

        if (Spin(bytes) is not NothingYet and int found)
        {
            return found;
        }

        LimitWaiting(milliseconds);
        while (true)
        {
            int count = ReceiveOnce(bytes, 0);
            if (count != NothingYet || milliseconds > 0)
            {
                return count;
            }

            // Whoever handed the socket over left it in non-blocking mode.
            WaitFor(SocketCalls.Readable);
        }
    }

    /// <inheritdoc/>
    public override unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return _socket!.Send(bytes, SocketFlags.None);
        }

        using HeldDescriptor held = new(_handle);
        fixed (byte* start = bytes)
        {
            while (true)
            {
                nint count = SocketCalls.Send(held.Number, start, bytes.Length, NoSignal);
                if (count >= 0)
                {
                    return (int)count;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case SocketCalls.Interrupted:
                        break;
                    case SocketCalls.TryAgain:
                        WaitFor(SocketCalls.Writable);
                        break;
                    case int error:
                        throw SocketCalls.Failed(error);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override unsafe SendAttempt TrySend(ReadOnlySpan<byte> bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new SendAttempt(0, IsFull: true);
        }

        using HeldDescriptor held = new(_handle);
        fixed (byte* start = bytes)
        {
            int sent = 0;
            while (sent < bytes.Length)
            {
                nint count = SocketCalls.Send(held.Number, start + sent, bytes.Length - sent, DontWait | NoSignal);
                if (count >= 0)
                {
                    sent += (int)count;
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case SocketCalls.Interrupted:
                        break;
                    case SocketCalls.TryAgain:
                        return new SendAttempt(sent, IsFull: true);
                    case int error:
                        throw SocketCalls.Failed(error);
                }
            }

            return new SendAttempt(sent, IsFull: false);
        }
    }

    /// <inheritdoc/>
    public override void PeerEnded()
    {
        // The system keeps what has come, and gives it out before the end.
        ShutDown();
    }

    /// <inheritdoc/>
    public override void ShutDown()
    {
        try
        {
            if (_socket is not null)
            {
                _socket.Shutdown(SocketShutdown.Both);
                return;
            }

            using HeldDescriptor held = new(_handle);
            _ = SocketCalls.Shutdown(held.Number, SocketCalls.BothWays);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer or the owner was first: the socket is as shut as it can be.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        _socket?.Dispose();
        _handle.Dispose();
    }

    /// <summary>Waits until the descriptor is ready, or shut.</summary>
    private unsafe void WaitFor(short what)
    {
        using HeldDescriptor held = new(_handle);
        SocketCalls.PollEntry entry = new() { Descriptor = held.Number, Wanted = what };
        _ = SocketCalls.Poll(&entry, 1, Timeout.Infinite);
    }

    private int Spin(Span<byte> bytes)
    {
        if (MaySpin is not { } maySpin || !maySpin())
        {
            return NothingYet;
        }

        long ticks = _spin.Next();
        if (ticks == 0)
        {
            return NothingYet;
        }

        long until = Stopwatch.GetTimestamp() + ticks;
        do
        {
            int count = ReceiveOnce(bytes, DontWait);
            if (count != NothingYet)
            {
                _spin.Hit();
                return count;
            }

            // Two that look and do not yield may be on one core, each waiting for the other.
            Thread.Yield();
        }
        while (maySpin() && Stopwatch.GetTimestamp() < until);
        _spin.Missed();
        return NothingYet;
    }

    private unsafe int ReceiveOnce(Span<byte> bytes, int flags)
    {
        using HeldDescriptor held = new(_handle);
        fixed (byte* start = bytes)
        {
            while (true)
            {
                nint count = SocketCalls.Receive(held.Number, start, bytes.Length, flags);
                if (count >= 0)
                {
                    return (int)count;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case SocketCalls.Interrupted:
                        break;
                    case SocketCalls.TryAgain:
                        return NothingYet;
                    case int error:
                        throw SocketCalls.Failed(error);
                }
            }
        }
    }

    /// <summary>Bounds the system's own waiting: a call to the system only where the bound changes.</summary>
    private void LimitWaiting(int milliseconds)
    {
        int timeout = milliseconds == Timeout.Infinite ? 0 : milliseconds;
        if (timeout != _receiveTimeout)
        {
            SetReceiveTimeout(timeout);
            _receiveTimeout = timeout;
        }
    }

    private unsafe void SetReceiveTimeout(int milliseconds)
    {
        if (_socket is not null)
        {
            _socket.ReceiveTimeout = milliseconds;
            return;
        }

        using HeldDescriptor held = new(_handle);
        nint* time = stackalloc nint[2];
        time[0] = milliseconds / 1000;
        time[1] = milliseconds % 1000 * 1000;
        _ = SocketCalls.SetOption(held.Number, SocketCalls.SocketLevel, SocketCalls.ReceiveTimeout, time, (uint)(2 * sizeof(nint)));
    }

    private int ReceivePortably(Span<byte> bytes, int milliseconds)
    {
        if (milliseconds != Timeout.Infinite && !_socket!.Poll(milliseconds * 1000, SelectMode.SelectRead))
        {
            return NothingYet;
        }

        return _socket!.Receive(bytes, SocketFlags.None);
    }
}

using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PluginHost.Rpc.Transport;

/// <summary>
/// Two pipes, one each way: a peer's standard output and input. A descriptor of its own wakes what waits when any thread shuts it down. Linux.
/// </summary>
public sealed unsafe partial class PipeTransport : RpcTransport
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int SetStatusFlags = 4;
    private const short PollIn = 1;
    private const short PollOut = 4;
    private const int TryAgain = 11;
    private const int Interrupted = 4;

    private readonly SafeFileHandle _input;
    private readonly SafeFileHandle _output;
    private readonly SafeFileHandle _wakeUp;
    private volatile bool _isShut;

    /// <summary>Takes two pipes over.</summary>
    /// <param name="input">The end to read from; owned from here on.</param>
    /// <param name="output">The end to write to; owned from here on.</param>
    /// <exception cref="SocketException">The system has no descriptor left.</exception>
    public PipeTransport(SafeFileHandle input, SafeFileHandle output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        _input = input;
        _output = output;
        int wakeUp = OpenEvent(0, CloseOnExec | NonBlocking);
        _wakeUp = new SafeFileHandle(wakeUp, ownsHandle: true);

        // Flags belong to one end of a pipe, which the peer does not share: its own ends stay as it wants them.
        if (wakeUp < 0 || SetNonBlocking(_input) < 0 || SetNonBlocking(_output) < 0)
        {
            throw Broken();
        }
    }

    /// <inheritdoc/>
    public override int Receive(Span<byte> bytes, int milliseconds)
    {
        using HeldDescriptor input = new(_input);
        fixed (byte* start = bytes)
        {
            // A peer that writes for ever must not keep a connection open that this side has shut down.
            while (!_isShut)
            {
                nint count = Read(input.Number, start, bytes.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted:
                        break;
                    case TryAgain when milliseconds == 0 || !WaitFor(_input, PollIn, milliseconds):
                        return NothingYet;
                    case TryAgain:
                        break;
                    default:
                        throw Broken();
                }
            }

            return 0;
        }
    }

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<byte> bytes)
    {
        while (!_isShut)
        {
            SendAttempt attempt = TrySend(bytes);
            if (attempt.Sent > 0 || !attempt.IsFull)
            {
                return attempt.Sent;
            }

            WaitFor(_output, PollOut, Timeout.Infinite);
        }

        throw new SocketException((int)SocketError.Shutdown, "The pipe was shut down.");
    }

    /// <inheritdoc/>
    public override SendAttempt TrySend(ReadOnlySpan<byte> bytes)
    {
        using HeldDescriptor output = new(_output);
        fixed (byte* start = bytes)
        {
            int sent = 0;
            while (sent < bytes.Length)
            {
                nint count = Write(output.Number, start + sent, bytes.Length - sent);
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
                    default:
                        throw Broken();
                }
            }

            return new SendAttempt(sent, IsFull: false);
        }
    }

    /// <inheritdoc/>
    public override void ShutDown()
    {
        _isShut = true;
        try
        {
            // The counter stays above zero: everything that waits now or later wakes at once.
            using HeldDescriptor wakeUp = new(_wakeUp);
            ulong one = 1;
            _ = Write(wakeUp.Number, (byte*)&one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The owner was first: nobody waits any more.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool isDisposing)
    {
        _input.Dispose();
        _output.Dispose();
        _wakeUp.Dispose();
    }

    /// <summary>Waits for a pipe, or for the end of the transport; false where neither came in time.</summary>
    private bool WaitFor(SafeFileHandle handle, short wanted, int milliseconds)
    {
        using HeldDescriptor pipe = new(handle);
        using HeldDescriptor wakeUp = new(_wakeUp);
        PollEntry* entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { Descriptor = pipe.Number, Wanted = wanted };
        entries[1] = new PollEntry { Descriptor = wakeUp.Number, Wanted = PollIn };
        int ready;
        while ((ready = Poll(entries, 2, milliseconds)) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw Broken();
            }
        }

        return ready > 0;
    }

    private static int SetNonBlocking(SafeFileHandle handle)
    {
        using HeldDescriptor held = new(handle);
        return Control(held.Number, SetStatusFlags, NonBlocking);
    }

    private static SocketException Broken() =>
        new((int)SocketError.ConnectionReset, Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Read(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Write(int descriptor, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(PollEntry* entries, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenEvent(uint value, int flags);
}

using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PluginHost.Rpc.Transport;

/// <summary>Ends a wait for a descriptor from within the process: an eventfd beside it. One thread waits; any thread wakes it.</summary>
internal sealed unsafe partial class WakeUp : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const short Readable = 1;
    private readonly SafeFileHandle _event;

    private WakeUp(int descriptor) => _event = new SafeFileHandle(descriptor, ownsHandle: true);

    /// <summary>Creates one; null where the system gives none.</summary>
    public static WakeUp? TryCreate() => eventfd(0, CloseOnExec | NonBlocking) is >= 0 and int descriptor ? new WakeUp(descriptor) : null;

    /// <summary>Ends the wait that is under way, or the next one.</summary>
    public void Signal()
    {
        try
        {
            using HeldDescriptor own = new(_event);
            long one = 1;

            // The only failure is a count that is full, which wakes as well.
            _ = write(own.Number, &one, sizeof(long));
        }
        catch (ObjectDisposedException)
        {
            // Then nobody waits any more.
        }
    }

    /// <summary>Waits until a descriptor can be read, or a signal comes.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="milliseconds">How long to wait; <see cref="Timeout.Infinite"/> has no bound.</param>
    /// <param name="isSignalled">True where a signal came; it is used up.</param>
    /// <returns>True where the descriptor can be read, or is at its end.</returns>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public bool Wait(in HeldDescriptor descriptor, int milliseconds, out bool isSignalled)
    {
        using HeldDescriptor own = new(_event);
        Entry* entries = stackalloc Entry[2];
        entries[0] = new Entry { Descriptor = descriptor.Number, Events = Readable, Returned = 0 };
        entries[1] = new Entry { Descriptor = own.Number, Events = Readable, Returned = 0 };
        while (poll(entries, 2, milliseconds) < 0)
        {
            if (Marshal.GetLastPInvokeError() is not SocketCalls.Interrupted and int error)
            {
                throw SocketCalls.Failed(error);
            }
        }

        isSignalled = entries[1].Returned != 0;
        if (isSignalled)
        {
            long count;
            _ = read(entries[1].Descriptor, &count, sizeof(long));
        }

        return entries[0].Returned != 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int eventfd(uint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int poll(Entry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint read(int descriptor, void* bytes, nint count);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint write(int descriptor, void* bytes, nint count);

    private struct Entry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

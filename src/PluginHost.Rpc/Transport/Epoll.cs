using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>Watches many descriptors for something to read. One thread waits; any thread adds and removes.</summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Remove = 2;
    private const uint Readable = 0x1;
    private const int MostEvents = 64;
    private readonly int _descriptor;
    private readonly byte[] _events = new byte[MostEvents * EventBytes];

    /// <summary>Creates one.</summary>
    /// <exception cref="SocketException">The system gives none.</exception>
    public Epoll()
    {
        _descriptor = epoll_create1(CloseOnExec);
        if (_descriptor < 0)
        {
            throw SocketCalls.Failed(Marshal.GetLastPInvokeError());
        }
    }

    // On x86-64 the kernel's structure is packed: 4 bytes of events, then 8 of data; elsewhere the data is aligned.
    private static int DataOffset => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private static int EventBytes => DataOffset + 8;

    /// <summary>Begins to watch a descriptor: <see cref="Wait"/> gives <paramref name="key"/> as long as there is something to read, or its end.</summary>
    /// <exception cref="SocketException">The system refuses.</exception>
    public void Watch(int descriptor, long key)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = Readable;
        Marshal.WriteInt64((nint)entry, DataOffset, key);
        if (epoll_ctl(_descriptor, Add, descriptor, entry) != 0)
        {
            throw SocketCalls.Failed(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Stops watching a descriptor that is still open.</summary>
    public void Forget(int descriptor)
    {
        byte* entry = stackalloc byte[16];
        _ = epoll_ctl(_descriptor, Remove, descriptor, entry);
    }

    /// <summary>Waits for something to read.</summary>
    /// <param name="keys">Receives the keys of what can be read; room for at least 64.</param>
    /// <returns>How many.</returns>
    /// <exception cref="SocketException">The system failed.</exception>
    public int Wait(Span<long> keys)
    {
        fixed (byte* events = _events)
        {
            int count;
            do
            {
                count = epoll_wait(_descriptor, events, Math.Min(MostEvents, keys.Length), -1);
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == SocketCalls.Interrupted);
            if (count < 0)
            {
                throw SocketCalls.Failed(Marshal.GetLastPInvokeError());
            }

            for (int i = 0; i < count; i++)
            {
                keys[i] = Marshal.ReadInt64((nint)events, (i * EventBytes) + DataOffset);
            }

            return count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ = close(_descriptor);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int epoll_ctl(int epoll, int operation, int descriptor, byte* entry);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int epoll_wait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);
}

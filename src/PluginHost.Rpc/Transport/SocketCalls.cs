using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>The system calls of a socket's fast path, and their errors. Blittable.</summary>
internal static unsafe partial class SocketCalls
{
    /// <summary>EAGAIN: nothing there, or no room, for now.</summary>
    public const int TryAgain = 11;

    /// <summary>EINTR: a signal came; the call is made again.</summary>
    public const int Interrupted = 4;

    /// <summary>POLLIN.</summary>
    public const short Readable = 1;

    /// <summary>POLLOUT.</summary>
    public const short Writable = 4;

    /// <summary>SHUT_RDWR.</summary>
    public const int BothWays = 2;

    /// <summary>SOL_SOCKET.</summary>
    public const int SocketLevel = 1;

    /// <summary>SO_RCVTIMEO, with a timeval.</summary>
    public const int ReceiveTimeout = 20;

    private const int BrokenPipe = 32;
    private const int Reset = 104;

    /// <summary>The exception of an error number.</summary>
    public static SocketException Failed(int error) => new(
        (int)(error is BrokenPipe or Reset ? SocketError.ConnectionReset : SocketError.SocketError), Marshal.GetPInvokeErrorMessage(error));

    /// <summary>Sends; -1 on an error.</summary>
    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Send(int descriptor, byte* bytes, nint count, int flags);

    /// <summary>Receives; 0 at the end, -1 on an error.</summary>
    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Receive(int descriptor, byte* bytes, nint count, int flags);

    /// <summary>Ends directions of a connection; -1 on an error.</summary>
    [LibraryImport("libc", EntryPoint = "shutdown")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Shutdown(int descriptor, int how);

    /// <summary>Waits for descriptors; -1 on an error.</summary>
    [LibraryImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    /// <summary>Sets an option; -1 on an error.</summary>
    [LibraryImport("libc", EntryPoint = "setsockopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetOption(int descriptor, int level, int option, void* value, uint bytes);

    /// <summary>One entry of <see cref="Poll"/>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        /// <summary>The descriptor.</summary>
        public int Descriptor;

        /// <summary>What to wait for.</summary>
        public short Wanted;

        /// <summary>What there is.</summary>
        public short Found;
    }
}

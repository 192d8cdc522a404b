using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>The system calls of a socket's fast path, and their errors. Blittable.</summary>
internal static unsafe class SocketCalls
{
    /// <summary>EAGAIN: nothing there, or no room, for now.</summary>
    public const int TryAgain = 11;

    /// <summary>EINTR: a signal came; the call is made again.</summary>
    public const int Interrupted = 4;

    private const int BrokenPipe = 32;
    private const int Reset = 104;

    /// <summary>The exception of an error number.</summary>
    public static SocketException Failed(int error) => new(
        (int)(error is BrokenPipe or Reset ? SocketError.ConnectionReset : SocketError.SocketError), Marshal.GetPInvokeErrorMessage(error));

    /// <summary>Sends; -1 on an error.</summary>
    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Send(int descriptor, byte* bytes, nint count, int flags);

    /// <summary>Receives; 0 at the end, -1 on an error.</summary>
    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Receive(int descriptor, byte* bytes, nint count, int flags);
}

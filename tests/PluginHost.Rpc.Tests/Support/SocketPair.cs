using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>Two connected stream sockets, as a host and its worker have them.</summary>
internal static unsafe class SocketPair
{
    public static (Socket Near, Socket Far) Create()
    {
        int* descriptors = stackalloc int[2];
        const int Unix = 1;
        const int StreamCloseOnExec = 1 | 0x80000;
        if (MakePair(Unix, StreamCloseOnExec, 0, descriptors) != 0)
        {
            throw new InvalidOperationException($"socketpair failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return (new Socket(new SafeSocketHandle(descriptors[0], ownsHandle: true)), new Socket(new SafeSocketHandle(descriptors[1], ownsHandle: true)));
    }

    [DllImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MakePair(int domain, int type, int protocol, int* descriptors);
}

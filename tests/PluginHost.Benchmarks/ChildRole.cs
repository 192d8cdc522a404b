using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using PluginHost.Rpc.Connection;

namespace PluginHost.Benchmarks;

/// <summary>The other process of a measurement: it echoes raw messages or answers calls until its socket closes.</summary>
internal static class ChildRole
{
    public const int PingBytes = 64;

    public static async Task RunAsync(string role, int descriptor)
    {
        Socket socket = new(new SafeSocketHandle(descriptor, ownsHandle: true));
        if (role == "echo")
        {
            Echo(socket);
            return;
        }

        await using RpcConnection connection = new(socket, new RpcOptions(), [new AddDispatcher()], NullLogger.Instance);
        connection.Start();
        await connection.Closed;
    }

    /// <summary>Starts the child with one end of a new socket pair; the same processors as this process.</summary>
    public static unsafe (Process Child, Socket Socket) Start(string role)
    {
        int* descriptors = stackalloc int[2];
        if (MakePair(1, 1, 0, descriptors) != 0)
        {
            throw new InvalidOperationException("socketpair failed.");
        }

        ProcessStartInfo start = new(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildRole).Assembly.Location);
        }

        start.ArgumentList.Add("--child");
        start.ArgumentList.Add(role);
        start.ArgumentList.Add(descriptors[1].ToString((IFormatProvider?)null));
        _ = SetCloseOnExec(descriptors[0], 2, 1);
        Process child = Process.Start(start)!;
        _ = Close(descriptors[1]);
        return (child, new Socket(new SafeSocketHandle(descriptors[0], ownsHandle: true)));
    }

    private static void Echo(Socket socket)
    {
        byte[] buffer = new byte[PingBytes];
        while (true)
        {
            int count = socket.Receive(buffer);
            if (count == 0)
            {
                return;
            }

            socket.Send(buffer.AsSpan(0, count));
        }
    }

    [DllImport("libc", EntryPoint = "socketpair")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe int MakePair(int domain, int type, int protocol, int* descriptors);

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetCloseOnExec(int descriptor, int command, int value);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}

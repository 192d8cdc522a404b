using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PluginHost.Rpc.Transport;

namespace PluginHost.Rpc.Tests.Support;

/// <summary>Two pipes as a host and its child have them: a transport over the near ends, and the child's ends as it finds them, blocking.</summary>
internal sealed unsafe class PipePair : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int GetStatusFlags = 3;
    private const int NonBlocking = 0x800;

    public PipePair()
    {
        (SafeFileHandle fromFar, FarOutput) = Open();
        (FarInput, SafeFileHandle toFar) = Open();
        Near = new PipeTransport(fromFar, toFar);
    }

    public PipeTransport Near { get; }

    /// <summary>What the child reads from.</summary>
    public SafeFileHandle FarInput { get; }

    /// <summary>What the child writes to.</summary>
    public SafeFileHandle FarOutput { get; }

    public static bool IsNonBlocking(SafeFileHandle end) => (Control((int)end.DangerousGetHandle(), GetStatusFlags, 0) & NonBlocking) != 0;

    /// <summary>Reads at the child's end until so much has come, or the stream ended.</summary>
    public byte[] FarRead(int count)
    {
        byte[] bytes = new byte[count];
        int at = 0;
        fixed (byte* start = bytes)
        {
            while (at < count && Read((int)FarInput.DangerousGetHandle(), start + at, count - at) is nint read and > 0)
            {
                at += (int)read;
            }
        }

        return bytes[..at];
    }

    /// <summary>Writes a few bytes at the child's end.</summary>
    public void FarWrite(byte[] bytes)
    {
        fixed (byte* start = bytes)
        {
            if (Write((int)FarOutput.DangerousGetHandle(), start, bytes.Length) != bytes.Length)
            {
                throw new InvalidOperationException($"write failed: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    public void Dispose()
    {
        FarInput.Dispose();
        FarOutput.Dispose();
        Near.Dispose();
    }

    private static (SafeFileHandle Read, SafeFileHandle Write) Open()
    {
        int* ends = stackalloc int[2];
        if (MakePipe(ends, CloseOnExec) != 0)
        {
            throw new InvalidOperationException($"pipe2 failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(int descriptor, byte* bytes, nint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(int descriptor, byte* bytes, nint count);

    [DllImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MakePipe(int* ends, int flags);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, int command, nint argument);
}

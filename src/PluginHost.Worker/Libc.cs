using System.Runtime.InteropServices;

namespace PluginHost.Worker;

/// <summary>The few system calls of the worker. Blittable.</summary>
internal static unsafe partial class Libc
{
    private const int SetParentDeathSignal = 1;
    private const int SigKill = 9;
    private const int GetDescriptorFlags = 1;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const int SysPidfdSendSignal = 424;
    private const int SysPidfdOpen = 434;
    private const nint Ignored = 1;
    private const short Readable = 1;
    private const int OpenCloseOnExec = 0x80000;

    /// <summary>Asks the kernel to kill this process when the thread that started it ends.</summary>
    public static bool DieWithParent() => prctl(SetParentDeathSignal, SigKill, 0, 0, 0) == 0;

    /// <summary>The process that started this one, or whoever has inherited it.</summary>
    public static int Parent => getppid();

    /// <summary>Keeps a descriptor from programs that the plugin starts; false where it is not open.</summary>
    public static bool KeepFromChildren(int descriptor)
    {
        int flags = fcntl(descriptor, GetDescriptorFlags, 0);
        return flags >= 0 && fcntl(descriptor, SetDescriptorFlags, flags | CloseOnExec) == 0;
    }

    /// <summary>Ends the process now: no handlers, no waiting for anybody's threads.</summary>
    public static void ExitNow(int code) => _exit(code);

    /// <summary>Leaves a signal without effect on this process.</summary>
    public static void Ignore(int number) => _ = signal(number, Ignored);

    /// <summary>Waits until a descriptor can be read or has ended.</summary>
    /// <returns>False where the time was up first, or a signal came.</returns>
    public static bool WaitReadable(int descriptor, int milliseconds)
    {
        PollEntry entry = new() { Descriptor = descriptor, Wanted = Readable };
        return poll(&entry, 1, milliseconds) > 0;
    }

    /// <summary>Waits.</summary>
    public static void Pause(int milliseconds) => _ = poll(null, 0, milliseconds);

    /// <summary>Reads what is there; 0 at the end, below 0 where it failed.</summary>
    public static int Read(int descriptor, Span<byte> into)
    {
        fixed (byte* first = into)
        {
            return (int)read(descriptor, first, (nuint)into.Length);
        }
    }

    /// <summary>Opens a file for reading; below 0 where it cannot be.</summary>
    /// <param name="path">Ends with a zero.</param>
    public static int Open(ReadOnlySpan<byte> path)
    {
        fixed (byte* first = path)
        {
            return open(first, OpenCloseOnExec, 0);
        }
    }

    /// <summary>Sets a variable of the process's environment as native code reads it; no other thread of native code may run.</summary>
    /// <param name="name">Ends with a zero.</param>
    /// <param name="value">Ends with a zero.</param>
    public static void SetVariable(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* key = name, text = value)
        {
            _ = setenv(key, text, 1);
        }
    }

    /// <summary>Closes a descriptor.</summary>
    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>Opens a descriptor that stands for one process, whatever becomes of its number; below 0 where it is gone.</summary>
    public static int PidfdOpen(int process) => (int)syscall(SysPidfdOpen, process, 0, 0, 0);

    /// <summary>Kills exactly the process that a pidfd stands for; false where it is gone or somebody else's.</summary>
    public static bool PidfdKill(int pidfd) => syscall(SysPidfdSendSignal, pidfd, SigKill, 0, 0) == 0;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint read(int descriptor, byte* into, nuint count);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(byte* path, int flags, int mode);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int setenv(byte* name, byte* value, int replaces);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int getppid();

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fcntl(int descriptor, int command, nint argument);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void _exit(int code);
}

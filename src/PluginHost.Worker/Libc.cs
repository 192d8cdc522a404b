using System.Runtime.InteropServices;

namespace PluginHost.Worker;

/// <summary>The few system calls of the worker. Blittable.</summary>
internal static unsafe class Libc
{
    private const int SetParentDeathSignal = 1;
    private const int SigKill = 9;
    private const int GetDescriptorFlags = 1;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;

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

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int prctl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int getppid();

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(int descriptor, int command, nint argument);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void _exit(int code);
}

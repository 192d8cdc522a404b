using System.Runtime.InteropServices;

namespace PluginHost.Runtime.Processes;

/// <summary>The system calls that child processes need and .NET does not offer. Blittable; each returns what the C function returns.</summary>
internal static unsafe class Libc
{
    public const int CloseOnExec = 0x80000;
    public const int NonBlocking = 0x800;
    public const int PollIn = 1;
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int NoChild = 10;
    public const int MayExecute = 1;
    public const int SetStatusFlags = 4;

    private const string Library = "libc";
    private const int SysPidfdSendSignal = 424;
    private const int SysPidfdOpen = 434;
    private const int PidfdThread = 0x80;

    /// <summary>One entry of <see cref="poll"/>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int socketpair(int domain, int type, int protocol, int* descriptors);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int pipe2(int* descriptors, int flags);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int fcntl(int descriptor, int command, nint argument);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int eventfd(uint value, int flags);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int poll(PollEntry* entries, nuint count, int timeoutMilliseconds);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint read(int descriptor, byte* buffer, nuint count);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint write(int descriptor, byte* buffer, nuint count);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int close(int descriptor);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int kill(int process, int signal);

    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int access([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);

    /// <summary><paramref name="info"/> has room for 128 bytes.</summary>
    [DllImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int waitid(int idType, int id, int* info, int options);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawnp(int* process, byte* file, void* actions, void* attributes, byte** arguments, byte** environment);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawn_file_actions_init(void* actions);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawn_file_actions_destroy(void* actions);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawn_file_actions_addopen(void* actions, int descriptor, byte* path, int flags, uint mode);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawn_file_actions_addchdir_np(void* actions, byte* path);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawn_file_actions_addclosefrom_np(void* actions, int first);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawnattr_init(void* attributes);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawnattr_destroy(void* attributes);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawnattr_setflags(void* attributes, short flags);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawnattr_setpgroup(void* attributes, int group);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int sigemptyset(void* signals);

    [DllImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int sigfillset(void* signals);

    /// <summary>Opens a descriptor that stands for one process, whatever becomes of its number. Close-on-exec by itself.</summary>
    public static int PidfdOpen(int process) => (int)Syscall(SysPidfdOpen, process, 0, 0, 0);

    /// <summary>As <see cref="PidfdOpen"/> for one thread: readable when that thread has ended. From Linux 6.9; -1 before.</summary>
    public static int ThreadPidfdOpen(int thread) => (int)Syscall(SysPidfdOpen, thread, PidfdThread, 0, 0);

    /// <summary>Sends a signal to exactly the process that a pidfd stands for.</summary>
    public static int PidfdSendSignal(int pidfd, int signal) => (int)Syscall(SysPidfdSendSignal, pidfd, signal, 0, 0);

    /// <summary>The words of an error number.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    [DllImport(Library, EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Syscall(nint number, nint first, nint second, nint third, nint fourth);
}

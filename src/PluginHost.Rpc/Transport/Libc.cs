using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>The system calls that shared memory needs and .NET does not offer. Blittable; each returns what the C function returns.</summary>
internal static unsafe partial class Libc
{
    public const int MemoryCloseOnExec = 1;
    public const int MemoryAllowSealing = 2;
    public const int MemoryNotExecutable = 8;
    public const int AddSeals = 1033;
    public const int GetSeals = 1034;
    public const int SealSeals = 1;
    public const int SealShrink = 2;
    public const int SealGrow = 4;
    public const int ReadWrite = 3;
    public const int Shared = 1;
    public const int InvalidArgument = 22;
    public const int AdviceRemove = 9;

    private const string Library = "libc";

    [LibraryImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int memfd_create(byte* name, uint flags);

    [LibraryImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int ftruncate(int descriptor, nint length);

    [LibraryImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int fcntl(int descriptor, int command, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint mmap(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int munmap(nint address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int madvise(nint address, nuint length, int advice);

    /// <summary>The words of the last error, with its number.</summary>
    public static string LastError()
    {
        int error = Marshal.GetLastPInvokeError();
        return $"{Marshal.GetPInvokeErrorMessage(error)} (errno {error})";
    }
}

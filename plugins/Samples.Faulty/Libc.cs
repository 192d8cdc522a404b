using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Samples.Faulty;

/// <summary>The system's own functions that the faults need.</summary>
internal static partial class Libc
{
    /// <summary>The limit of open descriptors.</summary>
    public const int Descriptors = 7;

    /// <summary>The limit of the address space.</summary>
    public const int AddressSpace = 9;

    [LibraryImport("libc")]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    public static partial nint strlen(nint text);

    /// <summary>Lowers a limit of this process.</summary>
    public static unsafe void Limit(int resource, ulong most)
    {
        ulong* pair = stackalloc ulong[2];
        if (getrlimit(resource, pair) == 0)
        {
            pair[0] = Math.Min(most, pair[1]);
            if (setrlimit(resource, pair) == 0)
            {
                return;
            }
        }

        throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int getrlimit(int resource, ulong* pair);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int setrlimit(int resource, ulong* pair);
}

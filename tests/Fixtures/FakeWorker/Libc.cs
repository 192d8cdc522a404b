using System.Runtime.InteropServices;

namespace Fixtures.FakeWorker;

/// <summary>The system calls that .NET does not offer.</summary>
internal static unsafe partial class Libc
{
    public const int Terminate = 15;

    [LibraryImport("libc")]
    public static partial int execv(nint path, nint* arguments);

    /// <summary>Says what becomes of a signal; 1 ignores it.</summary>
    [LibraryImport("libc")]
    public static partial nint signal(int number, nint handler);
}

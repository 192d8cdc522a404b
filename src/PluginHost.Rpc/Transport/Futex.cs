using System.Runtime.InteropServices;

namespace PluginHost.Rpc.Transport;

/// <summary>Sleeping on a word of memory that processes share. Linux only.</summary>
internal static unsafe partial class Futex
{
    private const nint WaitOperation = 0;
    private const nint WakeOperation = 1;

    // The number differs between processors; elsewhere there are no rings.
    private static readonly nint s_number = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,
    };

    /// <summary>True where this system has it.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && s_number != 0;

    /// <summary>Sleeps while the word has a value: until a <see cref="Wake"/>, a signal, or the end of the time.</summary>
    public static void Wait(int* word, int value, int milliseconds)
    {
        TimeSpec time = new() { Seconds = milliseconds / 1000, Nanoseconds = milliseconds % 1000 * 1_000_000 };
        _ = Call(s_number, word, WaitOperation, value, &time);
    }

    /// <summary>Wakes one who sleeps on the word.</summary>
    public static void Wake(int* word) => _ = Call(s_number, word, WakeOperation, 1, null);

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Call(nint number, int* word, nint operation, nint value, TimeSpec* time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}

using System.Numerics;
using System.Runtime.InteropServices;
using PluginHost.Cli.Output;

namespace PluginHost.Cli.Bench;

/// <summary>The machine as far as figures depend on it.</summary>
internal static class Machine
{
    private const int MaskWords = 16;

    /// <summary>What a report says of it.</summary>
    /// <param name="rounds">How many rounds were measured.</param>
    public static MachineLine Describe(int rounds) => new(
        Environment.ProcessorCount, RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription, AllowedProcessors() == 1, rounds);

    // Environment.ProcessorCount would do, but it can be set by a variable and by a container's limit as well.
    private static unsafe int AllowedProcessors()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Environment.ProcessorCount;
        }

        ulong* mask = stackalloc ulong[MaskWords];
        int written = GetAffinity(0, MaskWords * sizeof(ulong), mask);
        int count = 0;
        for (int i = 0; i < MaskWords && written >= 0; i++)
        {
            count += BitOperations.PopCount(mask[i]);
        }

        return written < 0 ? Environment.ProcessorCount : count;
    }

    [DllImport("libc", EntryPoint = "sched_getaffinity")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe int GetAffinity(int pid, nuint size, ulong* mask);
}

using System.Globalization;
using System.Runtime.InteropServices;

namespace PluginHost.Runtime.Processes;

/// <summary>Whether children may look into this process, and lets them for a while: some systems allow only what a process has asked for.</summary>
internal static class OwnTracing
{
    /// <summary>The setting that says who may trace whom; absent where the system knows no such limit.</summary>
    public const string ScopeFile = "/proc/sys/kernel/yama/ptrace_scope";

    // PR_SET_PTRACER
    private const int SetTracer = 0x59616d61;
    private const int GetDumpable = 3;

    /// <summary>True where the system lets this user look into this process at all; false after a change of user or of capabilities, or where it was switched off.</summary>
    public static bool IsAllowed => Prctl(GetDumpable, 0, 0, 0, 0) == 1;

    /// <summary>
    /// The number in <see cref="ScopeFile"/>: 0 everybody of the same user, 1 parents and who was asked for, 2 administrators, 3 nobody. Null where there is none.
    /// </summary>
    public static int? Scope() =>
        File.Exists(ScopeFile) && int.TryParse(File.ReadAllText(ScopeFile).Trim(), CultureInfo.InvariantCulture, out int scope) ? scope : null;

    /// <summary>Lets what this process has started trace it, until the result is disposed. Without effect, and without need, where the system knows no such limit.</summary>
    public static IDisposable AllowChildren()
    {
        _ = Prctl(SetTracer, Environment.ProcessId, 0, 0, 0);
        return new Allowance();
    }

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Prctl(int option, nint first, nint second, nint third, nint fourth);

    private sealed class Allowance : IDisposable
    {
        public void Dispose() => _ = Prctl(SetTracer, 0, 0, 0, 0);
    }
}

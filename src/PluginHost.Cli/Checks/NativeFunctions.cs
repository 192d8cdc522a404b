namespace PluginHost.Cli.Checks;

/// <summary>Functions of the system's libraries that end the process, change it for everybody, or reach into others.</summary>
internal static class NativeFunctions
{
    private static readonly HashSet<string> s_hostile = new(StringComparer.OrdinalIgnoreCase)
    {
        "exit", "_exit", "quick_exit", "abort", "raise", "kill", "tgkill", "tkill", "killpg", "fork", "vfork", "execve", "execv", "execvp", "ptrace", "prctl", "signal", "sigaction",
        "sigprocmask", "setuid", "setgid", "setrlimit", "chroot", "unshare", "setns", "process_vm_readv", "process_vm_writev", "dlclose", "longjmp", "siglongjmp", "setenv", "unsetenv",
        "putenv", "syscall", "ExitProcess", "TerminateProcess", "TerminateThread", "RaiseFailFastException", "OpenProcess", "ReadProcessMemory", "WriteProcessMemory",
        "CreateRemoteThread", "SetUnhandledExceptionFilter", "SetWindowsHookEx", "FreeLibrary", "SetConsoleCtrlHandler",
    };

    /// <summary>Whether a function is one of them, whatever its suffix for text.</summary>
    public static bool AreHostile(string function) => s_hostile.Contains(function) || s_hostile.Contains(function.TrimEnd('A', 'W'));
}

namespace PluginHost.Runtime.Processes;

/// <summary>How a process ended. Both null where somebody else took its status.</summary>
/// <param name="ExitCode">The exit code, where it exited.</param>
/// <param name="Signal">The number of the signal that ended it, where one did.</param>
internal readonly record struct ProcessExit(int? ExitCode, int? Signal)
{
    /// <summary>The signal's name, such as <c>SIGABRT</c>.</summary>
    public string? SignalName => Signal is { } number ? Signals.NameOf(number) : null;

    /// <inheritdoc/>
    public override string ToString() =>
        Signal is not null ? $"signal {SignalName}" : ExitCode is { } code ? $"exit code {code}" : "an unknown status";
}

/// <summary>The numbers and names of Linux's signals.</summary>
internal static class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Stop = 19;

    private static readonly string[] s_names =
    [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
        "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>A signal's name.</summary>
    public static string NameOf(int signal) =>
        signal >= 1 && signal <= s_names.Length ? s_names[signal - 1] : $"signal {signal}";
}

namespace PluginHost.Contracts.Faults;

/// <summary>How a process ended and what it last said. Plain data: nothing here refers to a plugin's types.</summary>
/// <param name="ExitCode">The exit code, or null where the process ended by a signal or is still alive.</param>
/// <param name="Signal">The signal's name, such as <c>SIGABRT</c>, or null.</param>
/// <param name="StderrTail">The last lines of standard error (at most 8 KiB), or null where there were none.</param>
public sealed record FaultCause(int? ExitCode, string? Signal, string? StderrTail)
{
    /// <summary>Nothing is known.</summary>
    public static FaultCause Unknown { get; } = new(null, null, null);
}

using PluginHost.Contracts.Faults;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Processes;

namespace PluginHost.Runtime.OutOfProcess;

/// <summary>What is known once a worker is gone, or its channel is.</summary>
internal sealed record DeathEvidence
{
    /// <summary>How the process ended; null where it has not.</summary>
    public ProcessExit? Exit { get; init; }

    /// <summary>The end of standard error.</summary>
    public string? StderrTail { get; init; }

    /// <summary>What the worker said of an exception that was about to end it.</summary>
    public DyingWords? Dying { get; init; }

    /// <summary>What the worker sent that the protocol does not allow.</summary>
    public string? Violation { get; init; }

    /// <summary>Which limit of the protocol the worker went over, with both values; then it was killed.</summary>
    public string? Excess { get; init; }

    /// <summary>Why the host killed it as hung; null where it did not.</summary>
    public HangFinding? Hang { get; init; }

    /// <summary>Which limit the host killed it over; null where it did not.</summary>
    public LimitFinding? Over { get; init; }

    /// <summary>True where it lived on without its channel, and the host killed it for that.</summary>
    public bool LivedOn { get; init; }

    /// <summary>True where the kernel killed something of this control group for its memory while the worker lived.</summary>
    public bool MemoryKill { get; init; }
}

/// <summary>An exception that nothing in the worker caught.</summary>
/// <param name="Type">Its full type name.</param>
/// <param name="Message">Its message.</param>
/// <param name="Stack">Its stack as text.</param>
internal sealed record DyingWords(string Type, string Message, string? Stack);

/// <summary>Why a worker ended: the verdict on its evidence. A pure function.</summary>
/// <param name="Kind">The kind of fault.</param>
/// <param name="What">What happened, as the end of a sentence that begins with the worker.</param>
/// <param name="Exception">The exception that ended it, where one did.</param>
internal sealed record WorkerDeath(FaultKind Kind, string What, DyingWords? Exception)
{
    private const int SigAbrt = 6;
    private const int SigSegv = 11;
    private const int SigKill = 9;
    private const string OutOfMemoryType = "System.OutOfMemoryException";
    private const string StackOverflowLine = "Stack overflow.";
    private const string OutOfMemoryLine = "Out of memory.";
    private const string FailFastLine = "Process terminated.";
    private const string UnhandledLine = "Unhandled exception. ";
    private static readonly string[] s_crashLines = [StackOverflowLine, OutOfMemoryLine, FailFastLine, UnhandledLine];

    /// <summary>Judges.</summary>
    public static WorkerDeath Of(DeathEvidence evidence)
    {
        if (evidence.Violation is { } violation)
        {
            return new WorkerDeath(FaultKind.ProtocolViolation, $"sent what the protocol does not allow ({violation}) and was killed", null);
        }

        if (evidence.Excess is { } excess)
        {
            return new WorkerDeath(FaultKind.LimitExceeded, $"went over a limit of its channel ({excess}) and was killed", null);
        }

        ProcessExit exit = evidence.Exit ?? default;
        if (evidence.Hang is { } hang && exit.ExitCode is null && exit.Signal is null or SigKill)
        {
            string unended = exit.Signal is null ? " and has not ended (the kernel holds it)" : "";
            return new WorkerDeath(FaultKind.Hang, $"was killed{unended}: it {hang.What.TrimEnd('.')}", null);
        }

        if (evidence.Over is { } over && exit.Signal == SigKill)
        {
            return new WorkerDeath(FaultKind.LimitExceeded, $"was killed: it {over.What}", null);
        }

        bool isCrash = exit.Signal is SigAbrt or SigSegv;
        string? crash = isCrash ? CrashLine(evidence.StderrTail) : null;
        DyingWords? thrown = evidence.Dying ?? Unhandled(crash);
        if (thrown?.Type == OutOfMemoryType || IsLine(crash, OutOfMemoryLine))
        {
            return new WorkerDeath(FaultKind.OutOfMemory, $"ran out of memory and ended by {exit}", thrown);
        }

        if (IsLine(crash, StackOverflowLine))
        {
            return new WorkerDeath(FaultKind.StackOverflow, $"overflowed a thread's stack and ended by {exit}", null);
        }

        if (thrown is not null)
        {
            return new WorkerDeath(FaultKind.UnhandledException, $"ended by {exit}: nothing caught {thrown.Type}: {thrown.Message}", thrown);
        }

        if (IsLine(crash, FailFastLine))
        {
            return new WorkerDeath(FaultKind.FailFast, $"ended by {exit} because of FailFast{FailFastMessage(evidence.StderrTail!)}", null);
        }

        if (exit.Signal == SigKill && evidence.LivedOn)
        {
            return new WorkerDeath(FaultKind.ConnectionLost, "closed its channel, lived on and was killed by the host", null);
        }

        if (exit.Signal == SigKill && evidence.MemoryKill)
        {
            return new WorkerDeath(FaultKind.OutOfMemory, "was killed by the kernel for its memory (SIGKILL)", null);
        }

        return exit switch
        {
            { ExitCode: WorkerExitCodes.ProtocolError } => new WorkerDeath(
                FaultKind.ProtocolViolation, $"found what the host did not send on its channel, which only its own process can have written there ({exit})", null),
            { Signal: not null } => new WorkerDeath(FaultKind.Signal, $"was ended by {exit}", null),
            { ExitCode: not null } => new WorkerDeath(FaultKind.Exit, $"ended itself with {exit}", null),
            _ => new WorkerDeath(FaultKind.ConnectionLost, "closed its channel and its status is not known", null),
        };
    }

    private static bool IsLine(string? crash, string start) => crash is not null && crash.StartsWith(start, StringComparison.Ordinal);

    /// <summary>The first line of the last crash in a tail.</summary>
    private static string? CrashLine(string? tail) =>
        tail?.Split('\n').LastOrDefault(l => s_crashLines.Any(s => l.StartsWith(s, StringComparison.Ordinal)));

    /// <summary>What was given to FailFast: the rest of the runtime's line, or the line after it; nothing where none was given.</summary>
    private static string FailFastMessage(string tail)
    {
        string[] lines = tail.Split('\n');
        int at = Array.FindLastIndex(lines, static l => l.StartsWith(FailFastLine, StringComparison.Ordinal));
        string message = lines[at][FailFastLine.Length..].Trim();
        if (message.Length == 0 && at + 1 < lines.Length && !lines[at + 1].StartsWith("   at ", StringComparison.Ordinal))
        {
            message = lines[at + 1].Trim();
        }

        return message.Length == 0 ? "" : $": {message}";
    }

    private static DyingWords? Unhandled(string? crash)
    {
        if (!IsLine(crash, UnhandledLine))
        {
            return null;
        }

        // "Unhandled exception. System.InvalidOperationException: the message"
        string[] parts = crash![UnhandledLine.Length..].Split(": ", 2);
        return new DyingWords(parts[0].Trim(), parts.Length == 2 ? parts[1].Trim() : "", null);
    }
}

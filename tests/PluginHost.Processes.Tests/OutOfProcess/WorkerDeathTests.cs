using PluginHost.Contracts.Faults;
using PluginHost.Runtime.OutOfProcess;
using PluginHost.Runtime.Processes;

namespace PluginHost.Processes.Tests.OutOfProcess;

public sealed class WorkerDeathTests
{
    public static TheoryData<string, int?, int?, string?, string?, bool, FaultKind> Table => new()
    {
        // what, exit code, signal, stderr, dying type, memory kill, kind
        { "exit 0 is an exit too", 0, null, null, null, false, FaultKind.Exit },
        { "exit 3", 3, null, "some text", null, false, FaultKind.Exit },
        { "kill -9", null, 9, null, null, false, FaultKind.Signal },
        { "kill -9 by the kernel for memory", null, 9, null, null, true, FaultKind.OutOfMemory },
        { "SIGTERM beside somebody's memory kill", null, 15, null, null, true, FaultKind.Signal },
        { "native SIGSEGV", null, 11, null, null, false, FaultKind.Signal },
        { "plain abort()", null, 6, "free(): invalid pointer", null, false, FaultKind.Signal },
        { "stack overflow", null, 6, "before\nStack overflow.\n   at A.B()\n   at A.B()", null, false, FaultKind.StackOverflow },
        { "FailFast", null, 6, "Process terminated. a reason\n   at A.B()", null, false, FaultKind.FailFast },
        { "unhandled, by stderr alone", null, 6, "Unhandled exception. System.InvalidOperationException: no\n   at A.B()", null, false, FaultKind.UnhandledException },
        { "unhandled, by the dying message", null, 6, null, "System.InvalidOperationException", false, FaultKind.UnhandledException },
        { "out of memory, thrown", null, 6, "Unhandled exception. System.OutOfMemoryException: Array dimensions exceeded", null, false, FaultKind.OutOfMemory },
        { "out of memory, by the dying message", null, 6, null, "System.OutOfMemoryException", false, FaultKind.OutOfMemory },
        { "out of memory, of the runtime itself", null, 6, "Out of memory.", null, false, FaultKind.OutOfMemory },
        { "the last crash counts", null, 6, "Stack overflow.\nProcess terminated. x", null, false, FaultKind.FailFast },
        { "a crash's words in the middle of a line are no crash", null, 6, "I fear a Stack overflow.", null, false, FaultKind.Signal },
        { "a plugin that only prints a crash's words", 1, null, "Stack overflow.\n", null, false, FaultKind.Exit },
        { "status taken by somebody else", null, null, null, null, false, FaultKind.ConnectionLost },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void The_cause_of_a_death_is_told_from_its_evidence(
        string what, int? exitCode, int? signal, string? stderr, string? dyingType, bool memoryKill, FaultKind expected)
    {
        DeathEvidence evidence = new()
        {
            Exit = new ProcessExit(exitCode, signal),
            StderrTail = stderr,
            Dying = dyingType is null ? null : new DyingWords(dyingType, "message", "stack"),
            MemoryKill = memoryKill,
        };

        WorkerDeath death = WorkerDeath.Of(evidence);

        Assert.True(expected == death.Kind, $"{what}: {death.Kind} ({death.What})");
        Assert.NotEmpty(death.What);
    }

    [Fact]
    public void A_worker_that_the_host_killed_as_hung_hung_and_one_that_ended_otherwise_before_that_did_not()
    {
        HangFinding found = new("has given no sign of life for 30.0 s.", "Fixture.Hang", null);

        WorkerDeath hang = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(null, 9), Hang = found, MemoryKill = true });
        WorkerDeath exit = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(3, null), Hang = found });

        Assert.Equal((FaultKind.Hang, "was killed: it has given no sign of life for 30.0 s"), (hang.Kind, hang.What));
        Assert.Equal(FaultKind.Exit, exit.Kind);
    }

    [Fact]
    public void A_worker_that_the_host_killed_over_a_limit_went_over_it_and_one_that_ended_otherwise_before_that_did_not()
    {
        LimitFinding found = new("recycle.memoryHard", "has 3 MiB of resident memory; recycle.memoryHard is 2 MiB");

        WorkerDeath over = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(null, 9), Over = found, MemoryKill = true });
        WorkerDeath exit = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(3, null), Over = found });

        Assert.Equal((FaultKind.LimitExceeded, "was killed: it has 3 MiB of resident memory; recycle.memoryHard is 2 MiB"), (over.Kind, over.What));
        Assert.Equal(FaultKind.Exit, exit.Kind);
    }

    [Fact]
    public void A_worker_that_lived_on_without_its_channel_was_killed_by_the_host_and_by_nobody_else()
    {
        WorkerDeath killed = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(null, 9), LivedOn = true, MemoryKill = true });
        WorkerDeath crashed = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(null, 11), LivedOn = true });

        Assert.Equal((FaultKind.ConnectionLost, "closed its channel, lived on and was killed by the host"), (killed.Kind, killed.What));
        Assert.Equal(FaultKind.Signal, crashed.Kind);
    }

    [Fact]
    public void What_broke_the_protocol_is_named_whatever_ended_the_process_then()
    {
        WorkerDeath death = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(null, 9), Violation = "a frame of 2 GiB", MemoryKill = true });

        Assert.Equal(FaultKind.ProtocolViolation, death.Kind);
        Assert.Contains("a frame of 2 GiB", death.What);
    }

    [Fact]
    public void A_limit_that_was_exceeded_is_named_and_is_no_violation()
    {
        WorkerDeath death = WorkerDeath.Of(new DeathEvidence { Exit = new ProcessExit(null, 9), Excess = "a message of 2 GiB; the limit is 16 MiB" });

        Assert.Equal(FaultKind.LimitExceeded, death.Kind);
        Assert.Contains("a message of 2 GiB; the limit is 16 MiB", death.What);
    }

    [Fact]
    public void The_exception_that_nothing_caught_is_told()
    {
        WorkerDeath death = WorkerDeath.Of(new DeathEvidence
        {
            Exit = new ProcessExit(null, 6),
            StderrTail = "Unhandled exception. My.Exception: what: now\n   at A.B()",
        });

        Assert.Equal(new DyingWords("My.Exception", "what: now", null), death.Exception);
    }
}

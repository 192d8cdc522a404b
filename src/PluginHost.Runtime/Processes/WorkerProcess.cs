using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace PluginHost.Runtime.Processes;

/// <summary>One running child of the <see cref="WorkerSpawner"/>. Thread-safe.</summary>
internal sealed class WorkerProcess
{
    private static readonly TimeSpan s_killGrace = TimeSpan.FromSeconds(5);
    private readonly ExitWatch _exit;
    private readonly OutputDrain? _output;
    private readonly OutputDrain _errors;
    private readonly Action<WorkerProcess> _watchThreads;

    internal WorkerProcess(int pid, ExitWatch exit, OutputDrain? output, OutputDrain errors, Action<WorkerProcess> watchThreads)
    {
        Pid = pid;
        _watchThreads = watchThreads;
        _exit = exit;
        _output = output;
        _errors = errors;
    }

    /// <summary>The process id, which is its group's id too.</summary>
    public int Pid { get; }

    /// <summary>The host's end of the channel; invalid where that is <see cref="Pipes"/>. Whoever takes it closes it; close it where nobody did.</summary>
    public required SafeSocketHandle Channel { get; init; }

    /// <summary>The host's ends of the child's standard output and input where they are the channel, else null. As <see cref="Channel"/>.</summary>
    public ChannelPipes? Pipes { get; init; }

    /// <summary>Ends when the process has ended and was reaped and its last words were read. Never faults.</summary>
    public Task<ProcessExit> Exited => _exit.Ended;

    /// <inheritdoc cref="ExitWatch.Ending"/>
    public Task<ProcessExit> Ending => _exit.Ending;

    /// <summary>Bytes it wrote to standard output.</summary>
    public long OutputBytes => _output?.TotalBytes ?? 0;

    /// <summary>Bytes it wrote to standard error.</summary>
    public long ErrorBytes => _errors.TotalBytes;

    /// <summary>The end of standard output, or null.</summary>
    public string? OutputTail() => _output?.Tail();

    /// <summary>The end of standard error, or null.</summary>
    public string? ErrorTail() => _errors.Tail();

    /// <summary>
    /// Watches some of its threads as well, so that <see cref="Ending"/> comes early. Once its threads are there; without effect before Linux 6.9, and
    /// for a process of one thread.
    /// </summary>
    public void WatchThreads() => _watchThreads(this);

    /// <summary>Sends a signal to the process alone; false where it has ended.</summary>
    public bool Signal(int signal) => _exit.Signal(signal);

    /// <summary>
    /// Kills the process, everything in its group, and what it started that has left the group and still has its parents; false where it has ended.
    /// </summary>
    public bool Kill()
    {
        // Stopped first: it starts nothing between the look at its children and its own end, which would make them somebody else's.
        if (!_exit.SignalGroup(Signals.Stop))
        {
            return false;
        }

        ProcessTree.KillDescendants(Pid);
        return _exit.SignalGroup(Signals.Kill);
    }

    /// <summary>Ends the process in stages: SIGTERM, after <paramref name="grace"/> SIGKILL for the group, after 5 s it is left alone and logged.</summary>
    /// <returns>True where it has ended.</returns>
    public async Task<bool> TerminateAsync(TimeSpan grace, TimeProvider clock, ILogger logger)
    {
        Signal(Signals.Terminate);
        if (await EndedWithinAsync(grace, clock).ConfigureAwait(false))
        {
            return true;
        }

        Log.KillingGroup(logger, Pid, grace);
        await KillAndWaitAsync(clock, logger).ConfigureAwait(false);
        return Exited.IsCompleted;
    }

    /// <summary>As <see cref="Kill"/>, and waits for the end; one that the kernel holds is left alone and logged after 5 s.</summary>
    /// <returns>How it ended; nothing where it has not.</returns>
    public async Task<ProcessExit> KillAndWaitAsync(TimeProvider clock, ILogger logger)
    {
        Kill();
        if (await EndedWithinAsync(s_killGrace, clock).ConfigureAwait(false))
        {
            return await Exited.ConfigureAwait(false);
        }

        Log.Abandoned(logger, Pid, s_killGrace);
        return new ProcessExit(null, null);
    }

    /// <summary>Waits for the end; false where it did not come in time.</summary>
    public Task<bool> EndedWithinAsync(TimeSpan grace, TimeProvider clock) => WithinAsync(Exited, grace, clock);

    /// <summary>Waits for <see cref="Ending"/>; false where it did not come in time.</summary>
    public Task<bool> EndingWithinAsync(TimeSpan grace, TimeProvider clock) => WithinAsync(Ending, grace, clock);

    private static async Task<bool> WithinAsync(Task end, TimeSpan grace, TimeProvider clock)
    {
        if (end.IsCompleted)
        {
            return true;
        }

        using CancellationTokenSource given = new();
        Task first = await Task.WhenAny(end, Task.Delay(grace, clock, given.Token)).ConfigureAwait(false);
        await given.CancelAsync().ConfigureAwait(false);
        return first == end;
    }
}

/// <summary>The host's ends of a channel that is a child's standard output and input.</summary>
internal sealed class ChannelPipes(int fromChild, int toChild)
{
    /// <summary>What the child writes.</summary>
    public SafeFileHandle FromChild { get; } = new(fromChild, ownsHandle: true);

    /// <summary>What the child reads.</summary>
    public SafeFileHandle ToChild { get; } = new(toChild, ownsHandle: true);
}

using System.Runtime.InteropServices;

namespace PluginHost.Runtime.Processes;

/// <summary>Sees one child end, takes its group down with it, and reaps it. The end is never told from a pipe's end: a grandchild can hold a pipe.</summary>
internal sealed unsafe class ExitWatch(int pid, int pidfd, OutputDrain? output, OutputDrain errors) : PolledDescriptor
{
    internal const int Exited = 4;

    private const int DoNotHang = 1;
    private const int IdIsPidfd = 3;
    private const int CodeExited = 1;
    private const int CodeField = 2;
    private const int StatusField = 6;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<ProcessExit> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ProcessExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isReaped;

    /// <summary>Ends with the process, after what it wrote before has been read. Never faults.</summary>
    public Task<ProcessExit> Ended => _ended.Task;

    /// <summary>
    /// Ends with <see cref="Ended"/>, or milliseconds before it where the system tells: nothing in the process runs any more and how it ends is certain,
    /// while the kernel still takes its memory, its files and its locks from it. Never faults.
    /// </summary>
    public Task<ProcessExit> Ending => _ending.Task;

    /// <inheritdoc/>
    public override int Descriptor => pidfd;

    /// <summary>Looks whether the process is about to end. On the spawner's thread.</summary>
    public void LookWhetherEnding()
    {
        // Not reaped before this thread does it: its number is nobody else's.
        if (!_ending.Task.IsCompleted && EndingStatus.Of(pid) is { } exit)
        {
            ReadLastWords();
            _ending.TrySetResult(exit);
        }
    }

    /// <summary>Sends a signal to the process; false where it has ended.</summary>
    public bool Signal(int signal)
    {
        lock (_lock)
        {
            return !_isReaped && Libc.PidfdSendSignal(pidfd, signal) == 0;
        }
    }

    /// <summary>Sends a signal to the process and everything of its group; false where the process has ended and its group was already killed.</summary>
    public bool SignalGroup(int signal)
    {
        lock (_lock)
        {
            // Until it is reaped its id, which is its group's, belongs to nobody else.
            return !_isReaped && Libc.kill(-pid, signal) == 0;
        }
    }

    /// <inheritdoc/>
    public override bool OnReadable()
    {
        int* info = stackalloc int[32];
        ProcessExit exit;
        lock (_lock)
        {
            _ = Libc.kill(-pid, Signals.Kill);
            info[CodeField] = 0;
            int result = Libc.waitid(IdIsPidfd, pidfd, info, Exited | DoNotHang);
            if (result < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted)
            {
                return true;
            }

            exit = result < 0 || info[CodeField] == 0
                ? new ProcessExit(null, null)
                : info[CodeField] == CodeExited ? new ProcessExit(info[StatusField], null) : new ProcessExit(null, info[StatusField]);
            _isReaped = true;
        }

        ReadLastWords();
        _ending.TrySetResult(exit);
        _ended.SetResult(exit);
        return false;
    }

    /// <inheritdoc/>
    public override void Close()
    {
        lock (_lock)
        {
            _ = Libc.close(pidfd);
        }

        // A process that left the group may hold the pipes for ever; nobody reads for it any more.
        output?.Stop();
        errors.Stop();
    }

    // What it wrote before it ended is in the pipes now.
    private void ReadLastWords()
    {
        output?.ReadAvailable();
        errors.ReadAvailable();
        output?.Flush();
        errors.Flush();
    }
}

using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// The one thread of this process that starts children, sees them end and empties their pipes. It lives as long as the process, because a
/// child's parent-death signal comes when the thread that started it ends, not the process. Thread-safe.
/// </summary>
internal sealed class WorkerSpawner
{
    private static readonly Lazy<WorkerSpawner> s_shared = new(() => new WorkerSpawner());

    // One may be the last to leave, which is as late as the process's own end.
    private const int WatchedThreads = 2;

    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly List<PolledDescriptor> _watched = [];
    private readonly ReaperLink _reaper;
    private readonly int _wakeUp;

    private WorkerSpawner()
    {
        _reaper = new ReaperLink(Spawn, Post);
        _wakeUp = Libc.eventfd(0, Libc.CloseOnExec | Libc.NonBlocking);
        if (_wakeUp < 0)
        {
            throw new SpawnException($"No descriptor to wake the spawning thread: {Libc.Describe(Marshal.GetLastPInvokeError())}.");
        }

        Thread thread = new(Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "pluginhost-spawner" };
        thread.Start();
    }

    /// <summary>The process's only one; its thread starts with the first use.</summary>
    public static WorkerSpawner Shared => s_shared.Value;

    /// <summary>True where it was used.</summary>
    public static bool IsInUse => s_shared.IsValueCreated;

    /// <summary>Starts a child. The caller owns the result.</summary>
    /// <exception cref="SpawnException">The system refused.</exception>
    public Task<WorkerProcess> SpawnAsync(SpawnRequest request) => OrderAsync(() => request.Owner is { } owner ? SpawnOwned(request, owner) : Spawn(request));

    /// <summary>Where no child with an owner runs: ends what those that ran have left behind, and the reaper with it. A later start has another.</summary>
    /// <param name="patience">How long to wait for that at most.</param>
    /// <param name="clock">The clock.</param>
    public async Task EndRemainsAsync(TimeSpan patience, TimeProvider clock)
    {
        if (await OrderAsync(_reaper.Finish).ConfigureAwait(false) is { } ended)
        {
            using CancellationTokenSource given = new();
            await Task.WhenAny(ended, Task.Delay(patience, clock, given.Token)).ConfigureAwait(false);
            await given.CancelAsync().ConfigureAwait(false);
        }
    }

    private Task<T> OrderAsync<T>(Func<T> order)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                done.SetResult(order());
            }
            catch (Exception refused)
            {
                // Whatever it was, it belongs to the one who asked; this thread must not end.
                done.SetException(refused);
            }
        });
        return done.Task;
    }

    private void Post(Action order)
    {
        _orders.Enqueue(order);
        WakeUp();
    }

    private WorkerProcess SpawnOwned(SpawnRequest request, ChildOwner owner)
    {
        long number = _reaper.Prepare(owner, request.Logger, request.Clock);
        WorkerProcess process = Spawn(request with { Environment = ReaperLink.Marked(request.Environment, number) });
        _reaper.Began(number, process);
        owner.Record?.Began(number, process.Pid, owner.PluginId);
        _ = EndOwnedAsync(process, owner, number);
        return process;
    }

    private async Task EndOwnedAsync(WorkerProcess process, ChildOwner owner, long number)
    {
        await process.Exited.ConfigureAwait(false);
        owner.Record?.Ended(number);
        Post(() => _reaper.Ended(number));
    }

    private unsafe WorkerProcess Spawn(SpawnRequest request)
    {
        if (request.InheritedDescriptors.Count > SpawnRequest.MostInherited)
        {
            throw new SpawnException($"'{request.FileName}' is given {request.InheritedDescriptors.Count} more descriptors; the limit is {SpawnRequest.MostInherited}.");
        }

        using Descriptors descriptors = Descriptors.Open(request.Channel, request.InheritedDescriptors);
        int pid = SpawnCall.Run(request, descriptors.ChildInput, descriptors.ChildEnds);
        descriptors.CloseChildEnds();

        int pidfd = Libc.PidfdOpen(pid);
        if (pidfd < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            int* info = stackalloc int[32];
            _ = Libc.kill(-pid, Signals.Kill);
            _ = Libc.waitid(1, pid, info, ExitWatch.Exited);
            throw new SpawnException($"The new process {pid} cannot be watched: {Libc.Describe(error)} (errno {error}).");
        }

        OutputLog log = new(request.Logger, pid, request.Clock);
        OutputDrain? output = request.Channel == ChildChannel.Stdio ? null : new(descriptors.Output, "stdout", log);
        OutputDrain errors = new(descriptors.Error, "stderr", log);
        ExitWatch exit = new(pid, pidfd, output, errors);
        WorkerProcess process = new(pid, exit, output, errors, p => Post(() => WatchThreads(p, exit)))
        {
            Channel = new SafeSocketHandle(output is null ? -1 : descriptors.Channel, ownsHandle: true),
            Pipes = output is null ? new ChannelPipes(descriptors.Output, descriptors.Input) : null,
        };
        descriptors.Release();
        if (output is not null)
        {
            _watched.Add(output);
        }

        _watched.Add(errors);
        _watched.Add(exit);
        return process;
    }

    private void WatchThreads(WorkerProcess process, ExitWatch exit)
    {
        if (process.Exited.IsCompleted)
        {
            return;
        }

        foreach (int thread in WorkerThreads.Oldest(process.Pid, WatchedThreads))
        {
            int pidfd = Libc.ThreadPidfdOpen(thread);
            if (pidfd >= 0)
            {
                _watched.Add(new EndingThread(pidfd, exit));
            }
        }
    }

    private unsafe void WakeUp()
    {
        ulong one = 1;
        _ = Libc.write(_wakeUp, (byte*)&one, sizeof(ulong));
    }

    private void EndStopped()
    {
        for (int i = _watched.Count - 1; i >= 0; i--)
        {
            if (_watched[i].IsStopped)
            {
                _watched[i].Close();
                _watched.RemoveAt(i);
            }
        }
    }

    private unsafe void Run()
    {
        List<Libc.PollEntry> entries = [];
        while (true)
        {
            entries.Clear();
            entries.Add(new Libc.PollEntry { Descriptor = _wakeUp, Wanted = Libc.PollIn });
            foreach (PolledDescriptor watched in _watched)
            {
                entries.Add(new Libc.PollEntry { Descriptor = watched.Descriptor, Wanted = Libc.PollIn });
            }

            Span<Libc.PollEntry> span = CollectionsMarshal.AsSpan(entries);
            fixed (Libc.PollEntry* first = span)
            {
                if (Libc.poll(first, (nuint)span.Length, -1) < 0)
                {
                    continue;
                }
            }

            for (int i = span.Length - 1; i >= 1; i--)
            {
                if (span[i].Found != 0 && !_watched[i - 1].OnReadable())
                {
                    _watched[i - 1].Close();
                    _watched.RemoveAt(i - 1);
                }
            }

            EndStopped();
            if (span[0].Found != 0)
            {
                ulong count = 0;
                _ = Libc.read(_wakeUp, (byte*)&count, sizeof(ulong));
            }

            while (_orders.TryDequeue(out Action? order))
            {
                order();
            }
        }
    }
}

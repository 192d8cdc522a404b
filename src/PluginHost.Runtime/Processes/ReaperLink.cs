using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using PluginHost.Rpc.WorkerProtocol;
using PluginHost.Runtime.Store;

namespace PluginHost.Runtime.Processes;

/// <summary>
/// This process's end of its reaper: a process of ours that holds a socket to this one, and when this one is gone ends what its children have left.
/// One for all runtimes of the process; it starts with the first child, a new one follows where it was killed. The spawner's thread alone uses it.
/// </summary>
/// <param name="spawn">Starts a process.</param>
/// <param name="post">Runs something on the spawner's thread, later.</param>
internal sealed class ReaperLink(Func<SpawnRequest, WorkerProcess> spawn, Action<Action> post)
{
    // One that ends sooner would end again.
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(1);
    private readonly Dictionary<long, WorkerProcess> _children = [];
    private WorkerProcess? _process;
    private long _lastNumber;

    /// <summary>True where a child with an owner runs.</summary>
    public bool HasChildren => _children.Values.Any(c => !c.Exited.IsCompleted);

    /// <summary>Makes sure of the reaper, and gives the next child's number.</summary>
    public long Prepare(ChildOwner owner, ILogger logger, TimeProvider clock)
    {
        if (_process is null || _process.Exited.IsCompleted)
        {
            Start(owner, logger, clock);
        }

        return ++_lastNumber;
    }

    /// <summary>The environment of a child with its mark.</summary>
    public static IReadOnlyDictionary<string, string> Marked(IReadOnlyDictionary<string, string> environment, long number) =>
        new Dictionary<string, string>(environment, StringComparer.Ordinal)
        {
            [WorkerEnvironment.Owner] = string.Create(CultureInfo.InvariantCulture, $"{HostIdentity.Current}/{number}"),
        };

    /// <summary>A child has started.</summary>
    public void Began(long number, WorkerProcess child)
    {
        _children[number] = child;
        SendBegan(number, child);
    }

    /// <summary>A child has ended.</summary>
    public void Ended(long number)
    {
        _children.Remove(number);
        Send(string.Create(CultureInfo.InvariantCulture, $"{WorkerModes.Ended} {number}\n"));
    }

    /// <summary>Lets the reaper end what is left of all children, and go.</summary>
    /// <returns>Its end; null where there is none, or children run.</returns>
    public Task? Finish()
    {
        if (HasChildren || _process is not { } process)
        {
            return null;
        }

        Send(string.Create(CultureInfo.InvariantCulture, $"{WorkerModes.Finish} {_lastNumber}\n"));
        process.Channel.Dispose();
        _process = null;
        _children.Clear();
        return process.Exited;
    }

    private void Start(ChildOwner owner, ILogger logger, TimeProvider clock)
    {
        if (_process is { } lost)
        {
            Log.ReaperLost(logger, lost.Pid, lost.Exited.IsCompletedSuccessfully ? lost.Exited.Result.ToString() : "it is gone", lost.ErrorTail() ?? "");
            lost.Channel.Dispose();
            _process = null;
        }

        try
        {
            _process = spawn(ReaperCommand.Create(owner.Program, WorkerModes.Reap, HostIdentity.Current, logger));
        }
        catch (SpawnException refused)
        {
            // The plugin still runs; only what outlives a kill of this process stays.
            Log.NoReaper(logger, refused.Message);
            return;
        }

        // Never waits: a reaper that does not read (stopped by a debugger) must not hold up the spawner.
        _ = Libc.fcntl((int)_process.Channel.DangerousGetHandle(), Libc.SetStatusFlags, Libc.NonBlocking);
        foreach ((long number, WorkerProcess child) in _children)
        {
            SendBegan(number, child);
        }

        _ = FollowAsync(_process, owner, logger, clock);
    }

    private async Task FollowAsync(WorkerProcess process, ChildOwner owner, ILogger logger, TimeProvider clock)
    {
        long began = clock.GetTimestamp();
        await process.Exited.ConfigureAwait(false);
        if (clock.GetElapsedTime(began) > s_settled)
        {
            post(() =>
            {
                if (_process == process && HasChildren)
                {
                    Start(owner, logger, clock);
                }
            });
        }
    }

    private void SendBegan(long number, WorkerProcess child) => Send(string.Create(CultureInfo.InvariantCulture, $"{WorkerModes.Began} {number} {child.Pid}\n"));

    // What does not go through is of no account: the marks of the children say the same.
    private unsafe void Send(string line)
    {
        if (_process is { } process)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(line);
            fixed (byte* first = bytes)
            {
                _ = Libc.write((int)process.Channel.DangerousGetHandle(), first, (nuint)bytes.Length);
            }
        }
    }
}

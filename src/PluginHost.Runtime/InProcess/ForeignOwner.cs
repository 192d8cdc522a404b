using PluginHost.Contracts.Invocation;
using PluginHost.Loading;
using PluginHost.Runtime.Tiers;

namespace PluginHost.Runtime.InProcess;

/// <summary>
/// One generation of a plugin as the owner of code that runs on no call's thread. Takes exceptions of it, reads them without trusting them, and tells
/// the plugin's supervisor. Refers to nothing of the plugin's. Thread-safe.
/// </summary>
/// <param name="pluginId">The plugin.</param>
/// <param name="generation">Its generation.</param>
/// <param name="report">Told of each, on a thread of the host's own; runs subscribers. What it throws is told nobody: the runtime may be gone.</param>
/// <param name="clock">For the time that a message may take.</param>
internal sealed class ForeignOwner(string pluginId, int generation, Action<ForeignFault> report, TimeProvider clock)
{
    // Beyond so many that wait to be told, the plugin throws faster than anybody reads.
    private const int MostWaiting = 64;
    private static readonly TimeSpan s_longestRead = TimeSpan.FromSeconds(1);
    private int _isRead;
    private int _isTaskRead;
    private int _waiting;

    /// <summary>The plugin.</summary>
    public string PluginId { get; } = pluginId;

    /// <summary>Its generation.</summary>
    public int Generation { get; } = generation;

    /// <summary>
    /// Takes an exception of the plugin's. Waits for nothing and runs nothing of the plugin's: the thread that it left may be the one that runs all finalizers.
    /// </summary>
    /// <param name="thrown">The exception; not kept.</param>
    /// <param name="origin">Where it came from.</param>
    /// <param name="place">What of the plugin's ran.</param>
    public void Take(Exception thrown, ForeignOrigin origin, ForeignPlace place)
    {
        Thread thread = Thread.CurrentThread;
        string name = place == ForeignPlace.UnobservedTask ? "none" : string.IsNullOrEmpty(thread.Name) ? "without a name" : $"'{thread.Name}'";
        string type = thrown.GetType().FullName ?? thrown.GetType().Name;
        ForeignFault fault = new(place, name, ThreadBlocks.CurrentThread, origin.Method, type, "(its message was not read: it is not the first of this generation)", origin.Stack);

        // A message is the plugin's code too, and may hang: two threads a generation is what that can cost.
        if (Interlocked.Exchange(ref place == ForeignPlace.UnobservedTask ? ref _isTaskRead : ref _isRead, 1) == 0)
        {
            new Reading(this, fault, thrown).Start(clock);
        }
        else if (Interlocked.Increment(ref _waiting) <= MostWaiting)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static told => told.Owner.TellNext(told.Fault), (Owner: this, Fault: fault), preferLocal: false);
        }
        else
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private void TellNext(ForeignFault fault)
    {
        Interlocked.Decrement(ref _waiting);
        Tell(fault);
    }

    private void Tell(ForeignFault fault)
    {
        try
        {
            report(fault);
        }
        catch (Exception)
        {
            // Whoever is told has logs and subscribers of the application's, which may be disposed by now; there is nobody left to tell.
            return;
        }
    }

    /// <summary>Reads one exception on a thread of its own, within a time; told once, with what was read by then.</summary>
    private sealed class Reading(ForeignOwner owner, ForeignFault fault, Exception thrown)
    {
        private const int StackBytes = 256 * 1024;
        private Exception? _thrown = thrown;
        private ITimer? _late;
        private int _isTold;

        public void Start(TimeProvider clock)
        {
            _late = clock.CreateTimer(
                static reading => ((Reading)reading!).TellOnce($"(its message was not given within {s_longestRead:c})", null), this, s_longestRead, Timeout.InfiniteTimeSpan);
            new Thread(Read, StackBytes) { IsBackground = true, Name = "pluginhost foreign fault" }.UnsafeStart();
        }

        private void Read()
        {
            ThrownException read = ThrownException.Read(Interlocked.Exchange(ref _thrown, null)!);
            TellOnce(read.Message, read.Stack);
        }

        private void TellOnce(string message, string? stack)
        {
            if (Interlocked.Exchange(ref _isTold, 1) == 0)
            {
                _late?.Dispose();
                owner.Tell(fault with { Message = message, Stack = stack ?? fault.Stack });
            }
        }
    }
}
